"""Resolves the queries and mutations of API keys. A caller sees the keys of its own workspace."""

from collections.abc import Mapping
from typing import Any

from domain.api_keys import CURSOR, ApiKey, CreatedApiKey, Token, new_key
from domain.ids import KeyId, uuid
from domain.pagination import Page
from domain.principals import Principal
from domain.validation import Check, checked
from resolvers.context import Context, Info
from resolvers.pagination import PageArguments, listed


def viewer(info: Info) -> Principal:
    return info.context.principal


async def api_keys(info: Info, page: PageArguments) -> Page[ApiKey]:
    request = page.request(CURSOR)
    return await listed(
        info.context,
        page=lambda repositories: repositories.keys.page(request),
        count=lambda repositories: repositories.keys.count(),
    )


async def create(context: Context, values: Mapping[str, Any]) -> CreatedApiKey:
    new = new_key(values)
    token = Token.new(context.principal.workspace_id, new.id)
    async with context.unit_of_work() as uow:
        if new.meeting_ids:  # the database would refuse unknown ones, but not say which
            check, found = Check(), await uow.meetings.by_ids(new.meeting_ids)
            for number, id in enumerate(new.meeting_ids):
                if id not in found:
                    check.add(f"input.meeting_ids.{number}", "there is no such meeting")
            check.done()
        key = await uow.keys.create(new, token.digest)
        if new.meeting_ids:
            await uow.grants.grant(key.principal(token.workspace_id).id, new.meeting_ids)
        await uow.commit()
    return CreatedApiKey(token.text, key)


async def revoke(context: Context, id: str) -> ApiKey:
    key = KeyId(checked(uuid, id, "id"))
    async with context.unit_of_work() as uow:
        revoked = await uow.keys.revoke(key)
        await uow.commit()
    return revoked
