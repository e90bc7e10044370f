// The type of the text of a GraphQL document, which carries the types of its data and its variables.

declare const typesOfDocument: unique symbol;

export type Document<Data, Variables> = string & { readonly [typesOfDocument]?: (variables: Variables) => Data };
