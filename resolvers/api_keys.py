"""Resolves the queries and mutations of API keys. A caller sees the keys of its own workspace."""

from domain.api_keys import API_KEYS_CURSOR, ApiKey, CreateApiKey, CreatedApiKey, Token
from domain.ids import KeyId
from domain.pagination import Page
from domain.principals import Principal
from domain.rules import uuid
from domain.validation import Problems, checked
from resolvers.context import Context, Info
from resolvers.pagination import PageArguments, listed


def viewer(info: Info) -> Principal:
    return info.context.principal


async def api_keys(info: Info, page: PageArguments) -> Page[ApiKey]:
    request = page.request(API_KEYS_CURSOR)
    return await listed(
        info.context,
        page=lambda repositories: repositories.keys.page(request),
        count=lambda repositories: repositories.keys.count(),
    )


async def create(context: Context, command: CreateApiKey) -> CreatedApiKey:
    token = Token.new(context.principal.workspace_id, command.id)
    async with context.unit_of_work() as uow:
        if command.meeting_ids:  # the database would refuse unknown ones, but not say which
            problems, found = Problems(), await uow.meetings.by_ids(command.meeting_ids)
            for number, id in enumerate(command.meeting_ids):
                if id not in found:
                    problems.add(f"input.meeting_ids.{number}", "there is no such meeting")
            problems.raise_if_any()
        key = await uow.keys.create(command, token.digest)
        if command.meeting_ids:
            await uow.grants.grant(key.principal(token.workspace_id).id, command.meeting_ids)
        await uow.commit()
    return CreatedApiKey(token.text, key)


async def revoke(context: Context, id: str) -> ApiKey:
    key = KeyId(checked(uuid, id, "id"))
    async with context.unit_of_work() as uow:
        revoked = await uow.keys.revoke(key)
        await uow.commit()
    return revoked
