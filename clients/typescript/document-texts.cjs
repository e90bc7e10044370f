// A plugin of graphql-codegen: exports the text of each document under its operation's name, as it is written.
// So a server with trusted documents knows it, and a bundler leaves out the documents that a program does not use.

const { readFileSync } = require('node:fs');

const capitalized = (word) => word[0].toUpperCase() + word.slice(1);

exports.plugin = (_schema, documents) => ({
  prepend: ["import type { Document } from '../document.js';"],
  content: documents
    .map(({ location, document }) => {
      const [{ name, operation }] = document.definitions;
      const types = `${name.value}${capitalized(operation)}`;
      const text = JSON.stringify(readFileSync(location, 'utf8'));
      return `export const ${name.value} = ${text} as Document<${types}, ${types}Variables>;`;
    })
    .join('\n'),
});
