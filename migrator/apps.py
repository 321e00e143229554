"""Registers the migrator app and makes the Celery application the one that shared tasks belong to."""

from django.apps import AppConfig


class MigratorConfig(AppConfig):
    name = "migrator"
    verbose_name = "Crosswalk"

    def ready(self) -> None:
        # Imported here and not in the package, so that the engine and the simulators never load Celery.
        from migrator import celery, runner, tasks
        from reconciliation import bulks

        celery.app.set_default()
        runner.set_waker(tasks.wake)
        bulks.set_waker(tasks.wake_bulk)
