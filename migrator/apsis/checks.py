"""The lines of "Test connection" for APSIS One: what an API key reaches, found with reads only."""

from collections.abc import Iterator

from migrator.apsis.client import EXPORT_KEYSPACE, ApsisClient
from migrator.apsis.definitions import Definition
from migrator.engine.errors import CrosswalkError
from migrator.http.checks import CheckLine, Level


def check_connection(client: ApsisClient) -> Iterator[CheckLine]:
    """One line after another; ends early where nothing more can be found out."""
    try:
        sections = client.sections()
    except CrosswalkError as error:
        yield CheckLine(Level.FAIL, "APSIS One cannot be signed in to.", error.sentence)
        return
    yield CheckLine(Level.OK, "Signed in.")
    yield from _section_lines(client, sections)
    yield _keyspace_line(client)


def _section_lines(client: ApsisClient, sections: tuple[Definition, ...]) -> Iterator[CheckLine]:
    if not sections:
        yield CheckLine(Level.FAIL, "The API key reaches no Section.", "Give it access under API management.")
        return
    yield CheckLine(
        Level.OK,
        f"The API key reaches {len(sections)} Sections: {', '.join(s.name for s in sections)}.",
        "Compare with the account: Sections outside the key's scope are not shown at all.",
    )
    for section in sections:
        yield _section_line(client, section)


def _section_line(client: ApsisClient, section: Definition) -> CheckLine:
    name = section.discriminator
    try:
        attributes, tags, topics = client.attributes(name), client.tags(name), client.topics(name)
    except CrosswalkError as error:
        return CheckLine(Level.FAIL, f"Section {section.name} cannot be read.", error.sentence)
    found = f"{len(attributes)} attributes, {len(tags)} tags and {len(topics)} topics"
    if topics:
        return CheckLine(Level.OK, f"Section {section.name} has {found}.")
    step = "Check that the account uses the current consent model; older consents cannot be read."
    return CheckLine(Level.WARN, f"Section {section.name} has {found}.", step)


def _keyspace_line(client: ApsisClient) -> CheckLine:
    try:
        found = {keyspace.discriminator: keyspace for keyspace in client.keyspaces()}
    except CrosswalkError as error:
        return CheckLine(Level.FAIL, "The keyspaces cannot be read.", error.sentence)
    export = found.get(EXPORT_KEYSPACE)
    if export is None:
        return CheckLine(
            Level.FAIL,
            "The export keyspace is not open to this API key, so consents cannot be read.",
            "Give the key read access to it under API management.",
        )
    return CheckLine(Level.OK, "Profiles and consents can be read by export key.")
