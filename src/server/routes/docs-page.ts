/** The OpenAPI document as one readable page: plain HTML, no scripts, no external resources. */
import { createHash } from 'node:crypto';
import type { openApiOf } from './openapi.ts';

type Document = ReturnType<typeof openApiOf>;
type Json = { readonly [key: string]: unknown };

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:60rem;margin:2rem auto;padding:0 1rem}
summary{cursor:pointer;padding:.4rem 0}code,pre{font:.9em ui-monospace,monospace}pre{overflow:auto;padding:1rem;border:1px solid #8886;border-radius:.5rem}
.method{display:inline-block;min-width:4.5rem;font-weight:600}details details{margin-left:1rem}`;

/** The page may load only its own style. */
export const DOCS_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; frame-ancestors 'none'`;

export function docsPage(document: Document): string {
  const sections = document.tags.map(({ name }) => {
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { tags }]) => Array.isArray(tags) && tags.includes(name))
        .map(([method, operation]) => routeOf(method, path, operation)),
    );
    return `<h2>${escaped(name)}</h2>${routes.join('')}`;
  });
  const address = `${document.servers[0]?.url.replace(/\/$/, '')}/openapi.json`;
  const guides = Object.entries(document.components.schemas)
    .filter(([name]) => name.startsWith('guide_'))
    .map(([name, schema]) =>
      folded(`<code>${escaped(name.slice(6))}</code> ${text(schema.description)}`, json(schema)),
    );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Kandid ${escaped(document.info.version)}</title><style>${STYLE}</style></head><body><h1>Kandid ${escaped(document.info.version)}</h1><p>${escaped(document.info.description)} The same for machines: <a href="${escaped(address)}">${escaped(address)}</a>.</p>${sections.join('')}<h2>guides</h2>${guides.join('')}</body></html>`;
}

function routeOf(method: string, path: string, operation: Json): string {
  const title = `<span class="method">${method.toUpperCase()}</span><code>${escaped(path)}</code> ${text(operation.summary)}`;
  const { requestBody, responses, parameters } = operation;
  const hasParameters = Array.isArray(parameters) && parameters.length > 0;
  const parts = [
    operation.description ? `<p>${text(operation.description)}</p>` : '',
    hasParameters ? folded('Parameters', json(parameters)) : '',
    requestBody ? folded('Body', json(requestBody)) : '',
    folded('Answers', json(responses)),
  ];
  return folded(title, parts.join(''));
}

function folded(title: string, inside: string): string {
  return `<details><summary>${title}</summary>${inside}</details>`;
}

function json(value: unknown): string {
  return `<pre>${escaped(JSON.stringify(value, null, 2))}</pre>`;
}

function text(value: unknown): string {
  return escaped(String(value ?? ''));
}

function escaped(plain: string): string {
  return plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
