"""Resolves the queries, fields and mutations of webhooks."""

import strawberry

from db.unit_of_work import Repositories
from domain.history import Aggregate, Event, EventKind, History
from domain.ids import DeliveryId, WebhookId
from domain.pagination import Page, PageRequest
from domain.rules import uuid
from domain.validation import checked
from domain.webhooks import (
    DELIVERIES_BY_AGE,
    TEST,
    WEBHOOKS_CURSOR,
    CreateWebhook,
    Delivery,
    UpdateWebhook,
    Webhook,
    WebhookDeliveryState,
    WebhookSecret,
    new_secret,
    secret_text,
)
from executor.batching import batch_resolver
from resolvers.context import Context, Info
from resolvers.history import pages_of_histories
from resolvers.pagination import PageArguments, counted, listed


async def load_webhooks(repositories: Repositories, ids: list[WebhookId]) -> dict[WebhookId, Webhook]:
    return await repositories.webhooks.by_ids(ids)


async def load_deliveries(
    repositories: Repositories, ids: list[WebhookId], request: PageRequest, state: WebhookDeliveryState | None
) -> dict[WebhookId, Page[Delivery]]:
    return await repositories.deliveries.pages(ids, request, state)


async def load_delivery_counts(
    repositories: Repositories, ids: list[WebhookId], state: WebhookDeliveryState | None
) -> dict[WebhookId, int]:
    return await repositories.deliveries.counts(ids, state)


def webhook_id(value: str) -> WebhookId:
    return WebhookId(checked(uuid, value, "id"))


async def webhook(info: Info, id: strawberry.ID) -> Webhook | None:
    return await info.context.loaders.of(load_webhooks).load(webhook_id(id))


async def webhooks(info: Info, page: PageArguments) -> Page[Webhook]:
    request = page.request(WEBHOOKS_CURSOR)
    return await listed(
        info.context,
        page=lambda repositories: repositories.webhooks.page(request),
        count=lambda repositories: repositories.webhooks.count(),
    )


@batch_resolver
async def deliveries(
    roots: list[Webhook], info: Info, page: PageArguments, state: WebhookDeliveryState | None = None
) -> list[Page[Delivery]]:
    request, loaders = page.request(DELIVERIES_BY_AGE.cursor_format), info.context.loaders
    ids = [root.id for root in roots]
    pages = await loaders.of(load_deliveries, request, state).load_many(ids)
    counts = loaders.of(load_delivery_counts, state)
    return [counted(found, counts, id) for id, found in zip(ids, pages, strict=True)]


@batch_resolver
async def history(
    roots: list[Webhook], info: Info, page: PageArguments, kind: EventKind | None = None
) -> list[Page[Event]]:
    histories = [History(Aggregate.WEBHOOK, root.id) for root in roots]
    return await pages_of_histories(info.context, histories, page, kind)


async def create(context: Context, command: CreateWebhook, reason: str | None) -> WebhookSecret:
    if command.document is not None:
        context.check_webhook_document(command.document, context.principal.workspace_id)
    secret = new_secret()
    async with context.unit_of_work(reason) as uow:
        created = await uow.webhooks.create(command.webhook(), secret)
        await uow.commit()
    return WebhookSecret(secret_text(secret), created)


async def update(
    context: Context, id: str, command: UpdateWebhook, expected_version: int | None, reason: str | None
) -> Webhook:
    key = webhook_id(id)
    if isinstance(command.document, str):
        context.check_webhook_document(command.document, context.principal.workspace_id)
    async with context.unit_of_work(reason) as uow:
        webhook = await uow.webhooks.get_for_update(key)
        webhook.expect(expected_version)
        changed = command.apply(webhook)
        if changed != webhook:
            webhook = await uow.webhooks.update(changed)
            await uow.commit()
    return webhook


async def rotate_secret(context: Context, id: str, reason: str | None) -> WebhookSecret:
    key, secret = webhook_id(id), new_secret()
    async with context.unit_of_work(reason) as uow:
        webhook = await uow.webhooks.get_for_update(key)
        webhook = await uow.webhooks.rotate_secret(webhook.rotate(), secret)
        await uow.commit()
    return WebhookSecret(secret_text(secret), webhook)


async def delete(context: Context, id: str, expected_version: int | None, reason: str | None) -> WebhookId:
    key = webhook_id(id)
    async with context.unit_of_work(reason) as uow:
        webhook = await uow.webhooks.get_for_update(key)
        webhook.expect(expected_version)
        await uow.webhooks.delete(key)
        await uow.commit()
    return key


async def test(context: Context, id: str) -> Delivery:
    key = webhook_id(id)
    async with context.unit_of_work() as uow:
        delivery = await uow.deliveries.queue_test(await uow.webhooks.get_for_update(key))
        await uow.commit()
    return delivery


async def redeliver(context: Context, id: str) -> Delivery:
    key = DeliveryId(checked(uuid, id, "id"))
    async with context.unit_of_work() as uow:
        delivery = await uow.deliveries.get(key)
        webhook = await uow.webhooks.get_for_update(delivery.webhook_id)
        if delivery.events != [TEST]:
            webhook.expect_enabled()
        queued = await uow.deliveries.queue_again(delivery)
        await uow.commit()
    return queued
