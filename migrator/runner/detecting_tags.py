"""Tags on few profiles, with the tags that they could be merged into: spelled alike, or used together."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migrator.engine.cases import Case, CaseKind
from migrator.engine.dedupe import WordIndex, folded_word
from migrator.runner.detecting_facts import discovery_of, section_names, tokens_of
from migrator.runner.detecting_keys import rows_of, run
from migrator.runner.job import Job

SIMILAR, TOGETHER = 5, 3
BATCH = 500
# A profile with a tag in two Sections has it once.
_HELD = """
drop table if exists detect_tag;
create temporary table detect_tag as
select distinct p.source_key, p.event_count, t.tag
from migrator_stagedprofile p, jsonb_each(p.raw->'sections') s,
    jsonb_array_elements_text(case jsonb_typeof(s.value->'tags') when 'array' then s.value->'tags'
        else '[]'::jsonb end) t (tag)
where p.discovery_id = %(discovery)s and jsonb_typeof(p.raw->'sections') = 'object';
create index on detect_tag (tag);
create index on detect_tag (source_key);
analyze detect_tag
"""
_TOGETHER = """
select tag, other, n from (
    select r.tag, o.tag other, count(*) n, row_number() over (partition by r.tag order by count(*) desc, o.tag) place
    from detect_tag r join detect_tag o on o.source_key = r.source_key and o.tag <> r.tag
    where r.tag = any(%(tags)s) group by r.tag, o.tag) t
where place <= %(most)s order by tag, place
"""
_EVENTS = "select tag, array_agg(event_count) from detect_tag where tag = any(%(tags)s) group by tag"


def rare_tags(
    job: Job, used: Mapping[str, int], by_section: Mapping[str, Mapping[str, int]]
) -> Iterator[Case]:
    """Tags on fewer profiles than the project's limit; `used` counts profiles by tag, `by_section` names where."""
    discovery, limit = discovery_of(job), job.run.project.setting("rare_tag_limit")
    rare = sorted(tag for tag, count in used.items() if count < limit)
    if rare:
        run(_HELD.replace("%(discovery)s", str(int(discovery.pk))))
    alike, names = _Alike(used), section_names(discovery)
    for start in range(0, len(rare), BATCH):
        batch = rare[start : start + BATCH]
        together, events = _together(batch), _events(batch)
        for tag in batch:
            evidence: dict[str, Any] = {
                "tag": tag,
                "count": used[tag],
                "sections": [names.get(s, s) for s in sorted(by_section.get(tag, ()))],
                "similar": alike.similar(tag),
                "together": [{"tag": other, "count": n} for other, n in together.get(tag, ())],
                "spellings": alike.spellings(tag),
            }
            held = events.get(tag, ())
            tokens = tokens_of(used[tag], held)
            yield Case(CaseKind.RARE_TAG, tag, tag, evidence, used[tag], sum(held), tokens)


class _Alike:
    """All tags by their letters, looked up once for each rare one."""

    def __init__(self, used: Mapping[str, int]) -> None:
        self._used, self._index = used, WordIndex(used)
        self._folded: dict[str, list[str]] = {}
        for tag in sorted(used):
            self._folded.setdefault(folded_word(tag) or tag, []).append(tag)

    def similar(self, tag: str) -> list[dict[str, Any]]:
        """The nearest spelled ones; the same word in another dress comes before all others."""
        others = dict.fromkeys([*self._same(tag), *self._index.near(tag, SIMILAR)])
        return [{"tag": other, "count": self._used[other]} for other in list(others)[:SIMILAR]]

    def spellings(self, tag: str) -> list[str]:
        """All of one folded spelling, most used first; nothing where there is only one."""
        return self._group(tag)

    def _same(self, tag: str) -> list[str]:
        return [other for other in self._group(tag) if other != tag]

    def _group(self, tag: str) -> list[str]:
        group = self._folded[folded_word(tag) or tag]
        return sorted(group, key=lambda t: (-self._used[t], t))[:20] if len(group) > 1 else []


def _together(tags: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """The tags that the same profiles have most often, by rare tag."""
    found: dict[str, list[tuple[str, int]]] = {}
    for tag, other, count in rows_of(_TOGETHER, {"tags": list(tags), "most": TOGETHER}):
        found.setdefault(tag, []).append((other, count))
    return found


def _events(tags: Sequence[str]) -> dict[str, list[int]]:
    return dict(rows_of(_EVENTS, {"tags": list(tags)}))
