#!/usr/bin/env python3
"""Crosswalk's one command: makes its environment from requirements.lock, then is Django's command line in it.

Uses the standard library alone until that environment stands, and syntax that an old Python can still read.
"""

import hashlib
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LEAST_PYTHON = (3, 11)
LOCK = os.path.join(HERE, "requirements.lock")
# These bring their own servers, or need none; all others may use those of a demo that runs.
INDEPENDENT = ("setup", "demo", "test", "bench", "simulate", "serve_simulators")
SPACE_NEEDED = 900 * 1000 * 1000


def main():
    arguments = sys.argv[1:]
    ensure_environment()
    if arguments[:1] == ["setup"] and not set(arguments) & {"-h", "--help"}:
        say("The environment is ready: " + environment_folder())
        return
    run_django(arguments)


def run_django(arguments):
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "migrator.settings")
    sys.path.insert(0, HERE)
    if arguments and arguments[0] not in INDEPENDENT and not os.environ.get("DATABASE_URL"):
        use_running_demo()
    if arguments[:1] == ["test"] and os.environ.get("DATABASE_URL"):
        use_keys_for_tests()
    from migrator.environment import EnvironmentProblem

    try:
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
    except EnvironmentProblem as problem:
        stop(str(problem))
    except Exception as problem:
        if "settings.DATABASES is improperly configured" not in str(problem):
            raise
        stop("This command needs a database. Start `python3 manage.py demo`, or set DATABASE_URL.")


def use_running_demo():
    """Take the addresses that a running demo wrote down, so that any command can look at it."""
    from migrator.embedded import connection

    os.environ.update(connection.of_running_demo())


def use_keys_for_tests():
    """On a database that a person names, tests still need no other setting."""
    from migrator.embedded.ephemeral import environment_for

    broker = os.environ.get("CELERY_BROKER_URL") or "memory://"
    for name, value in environment_for(os.environ["DATABASE_URL"], broker).items():
        os.environ.setdefault(name, value)


def ensure_environment():
    """Return inside the right environment, or replace this process by the same command in it."""
    if sys.version_info < LEAST_PYTHON:
        stop(
            "Crosswalk needs Python 3.11 or newer; this is %d.%d. Start it with a newer python3."
            % sys.version_info[:2]
        )
    if not is_current():
        with exclusive():
            # Another start may have made it while this one waited.
            if not is_current():
                build()
    if os.path.realpath(sys.prefix) != os.path.realpath(environment_folder()):
        program = environment_program()
        os.execv(program, [program, os.path.abspath(__file__)] + sys.argv[1:])


def environment_folder():
    return os.path.abspath(os.environ.get("CROSSWALK_VENV") or os.path.join(HERE, ".venv"))


def environment_program():
    return os.path.join(environment_folder(), "bin", "python")


def is_current():
    try:
        with open(os.path.join(environment_folder(), ".lock-sha256")) as noted:
            return noted.read().strip() == lock_checksum() and os.path.exists(environment_program())
    except OSError:
        return False


def lock_checksum():
    with open(LOCK, "rb") as lock:
        return hashlib.sha256(lock.read()).hexdigest()


class exclusive:
    """One start at a time makes the environment; the others wait for it."""

    def __enter__(self):
        import fcntl

        parent = os.path.dirname(environment_folder())
        try:
            os.makedirs(parent, exist_ok=True)
            self.lock = open(environment_folder() + ".lock", "w")
        except OSError as error:
            stop(
                "The environment cannot be made in %s: %s. Set CROSSWALK_VENV to another folder."
                % (parent, error.strerror)
            )
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Waiting: another start is making the environment")
            fcntl.flock(self.lock, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.lock.close()


def build():
    folder = environment_folder()
    check_prerequisites(folder)
    mark = os.path.join(folder, ".lock-sha256")
    if os.path.exists(mark):
        os.unlink(mark)
    if not has_pip(folder):
        say("Making the environment in " + folder)
        run([sys.executable, "-m", "venv", "--clear", folder], explain_venv)
    say("Installing the packages of requirements.lock, a minute or two the first time")
    pip = [environment_program(), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run(pip + ["--require-hashes", "--requirement", LOCK], explain_pip)
    with open(mark, "w") as noted:
        noted.write(lock_checksum() + "\n")


def check_prerequisites(folder):
    import importlib.util
    import shutil

    if not importlib.util.find_spec("ensurepip"):
        stop("This Python cannot make environments. Install the package python3-venv and start again.")
    if shutil.disk_usage(os.path.dirname(folder)).free < SPACE_NEEDED:
        stop_full(os.path.dirname(folder))


def has_pip(folder):
    """Whether there is an environment of this very Python to bring up to date."""
    if not os.path.exists(environment_program()):
        return False
    probe = [environment_program(), "-c", "import sys, pip; print(sys.version_info[:2])"]
    found = subprocess.run(probe, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return found.returncode == 0 and found.stdout.decode().strip() == str(sys.version_info[:2])


def run(command, explain):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        output = done.stdout.decode(errors="replace")
        sys.stderr.write(output)
        if "No space left on device" in output or "Errno 28" in output:
            stop_full(os.path.dirname(environment_folder()))
        stop(explain(output))


def explain_venv(output):
    if "ensurepip" in output:
        return "This Python cannot make environments. Install the package python3-venv and start again."
    return "The environment could not be made; the lines above say why."


def explain_pip(output):
    if "HASHES" in output:
        return "A package does not match its checksum in requirements.lock. The lines above name it."
    if any(
        sign in output
        for sign in ("NewConnectionError", "Temporary failure", "ConnectionError", "ProxyError", "timed out")
    ):
        return "The package index cannot be reached. Check the network (or pip's settings) and start again."
    return "The packages could not be installed; the lines above say why. Nothing else was changed."


def stop_full(folder):
    stop(
        "No disk space is left in %s: 900 MB are needed. Free some, or set CROSSWALK_VENV to another folder."
        % folder
    )


def say(text):
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def stop(text):
    say(text)
    sys.exit(2)


if __name__ == "__main__":
    main()
