"""The settings of what is stored: how much a workspace and an account may keep."""

from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings

from data.queries.storage import Amount, Quotas


def _bound(default: int, what: str) -> Any:
    """Return the setting of a quota."""
    return Field(default, ge=0, le=10**9, description=f"{what}; 0 for no bound.")


class StorageSettings(BaseSettings):
    """What `Settings` holds of storage."""

    max_workspaces: int = Field(100, ge=1, le=1_000, description="Workspaces of one account.")
    max_workspace_megabytes: int = _bound(2_048, "Megabytes of files in one workspace")
    max_workspace_documents: int = _bound(10_000, "Documents of one workspace")
    max_workspace_pages: int = _bound(100_000, "Pages of one workspace's documents; 3,000 characters are a page")
    max_account_megabytes: int = _bound(10_240, "Megabytes of files in all workspaces of one account")
    max_account_documents: int = _bound(50_000, "Documents of all workspaces of one account")
    max_account_pages: int = _bound(500_000, "Pages of all workspaces of one account")

    def quotas(self) -> Quotas:
        """Return the bounds as they are checked."""
        return Quotas(
            workspace=Amount(
                self.max_workspace_megabytes * 2**20, self.max_workspace_documents, self.max_workspace_pages
            ),
            account=Amount(self.max_account_megabytes * 2**20, self.max_account_documents, self.max_account_pages),
        )
