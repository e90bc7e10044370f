"""Descriptions of arguments and fields that mean the same wherever they are; all others stand at their declaration."""

from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

ARGUMENTS = {
    "agentId": "The agent's id.",
    "agentSlug": "The agent's slug.",
    "expectedVersion": "The version that you have read. If it is not the present one, the result is a Conflict, and nothing"
    " changes. Left out: any version will do.",
    "filter": "Every given condition must hold.",
    "finalOnly": "Leaves out hypotheses.",
    "format": "The format of the file.",
    "input": "The values to write.",
    "kind": "Only events of this kind.",
    "meetingId": "The meeting's id.",
    "orderBy": "The order of the list.",
    "reason": "The reason for the change, in your own words. It is recorded in the history.",
    "slug": "The slug to find it by.",
    "speaker": "Only segments of this speaker, exactly as it is written in the segments.",
    "state": "Only those in this state.",
    "toVersion": "The version to go back to.",
    "variantId": "The id of one of the agent's variants: only what happened to it.",
    "version": "The version that is asked for.",
}
CONFIG_FIELDS = {
    "modelProvider": "The provider of the model, such as `openai`.",
    "modelName": "The model, by the provider's name for it.",
    "systemPrompt": "The system prompt; it may have {{variables}}.",
    "userPromptTemplate": "The template of the user's prompt; it may have {{variables}}.",
    "promptVersion": "The version of the prompts, in words of your own.",
    "temperature": "The sampling temperature, 0 to 2.",
    "maxTokens": "The most tokens that the model may answer with.",
    "contextWindow": "The tokens that the model's context holds.",
    "inputTokenLimit": "The most tokens of input to send.",
    "tokenBudget": "The most tokens to spend, in all.",
    "timeoutSeconds": "The seconds to wait for an answer.",
    "maxRetries": "How often to try again after a failure.",
    "parameters": "What else the model takes: an object with keys such as `top_p`. A variant's lies over its agent's by RFC"
    " 7396 (JSON Merge Patch): keys replace, objects merge, null takes a key away.",
}
"""The fields of a configuration, in all types and inputs that have them."""
FIELDS = CONFIG_FIELDS | {"agentId": "The agent's id."}


def complete_descriptions(schema: GraphQLSchema) -> None:
    """Describes the fields and arguments that have no description of their own."""
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for name, field in type_.fields.items():
                field.description = field.description or FIELDS.get(name)
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for field in type_.fields.values():
                for name, argument in field.args.items():
                    argument.description = argument.description or ARGUMENTS.get(name)
