/** The OpenAPI 3.1 document, built from the routes. */
import { z } from 'zod';
import { problem } from '../../contract/answers.ts';
import type { GuideSummary } from '../../worker/messages.ts';
import type { Answer, Route } from '../http/route.ts';
import { openAiError } from '../openai/schemas.ts';

const PROBLEM_TYPE = 'application/problem+json';

type Json = { readonly [key: string]: unknown };

/** Converts a schema to JSON Schema (draft 2020-12), which OpenAPI 3.1 uses as it is. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

export function openApiOf(
  routes: readonly Route[],
  { version, guides, prefix }: { version: string; guides: readonly GuideSummary[]; prefix: string },
) {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = paths[route.path] ?? {};
    path[route.method] = operationOf(route);
    paths[route.path] = path;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Kandid',
      version,
      license: { name: 'MIT', identifier: 'MIT' },
      description:
        'Generates pictures steered by any scoring function. Parameters of each guide: components.schemas, guide_NAME.',
    },
    servers: [{ url: prefix || '/' }],
    security: [{}, { key: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
      schemas: {
        problem: schemaOf(problem, 'output'),
        openai_error: schemaOf(openAiError, 'output'),
        ...Object.fromEntries(guides.map((guide) => [`guide_${guide.name}`, guideSchema(guide)])),
      },
    },
  };
}

function guideSchema({ params, description }: GuideSummary): Json {
  const { $schema: _, ...rest } = params;
  return { ...rest, description };
}

function operationOf(route: Route): Json {
  const { method, path, tag, summary, description, isOpen } = route;
  const name = path
    .replace(/^\/(v1\/)?/, '')
    .replace(/[{}]/g, '')
    .replace(/\W+/g, '_');
  return {
    operationId: `${method}_${name || 'index'}`,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(isOpen ? { security: [] } : {}),
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(route.body ? { requestBody: requestBodyOf(route, route.body) } : {}),
    responses: responsesOf(route),
  };
}

function pathParameters({ path, parts = {} }: Route): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
    description: parts[name] ?? '',
  }));
}

function queryParameters({ query }: Route): Json[] {
  if (!query) return [];
  const { properties = {}, required = [] } = schemaOf(query, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
    ...(description === undefined ? {} : { description }),
  }));
}

function requestBodyOf({ files, form, formOnly, bodyOptional, nullable }: Route, body: z.ZodType): Json {
  const given = schemaOf(body, 'input');
  const schema = nullable ? withNulls(given, nullable.but) : given;
  const fields = form ? schemaOf(form, 'input') : schema;
  const forms = files ? { 'multipart/form-data': { schema: formSchema(fields, files) } } : {};
  return { required: !bodyOptional, content: { ...(formOnly ? {} : { 'application/json': { schema } }), ...forms } };
}

function withNulls(schema: Json, but: readonly string[]): Json {
  const { properties, required = [] } = schema as { properties: Record<string, Json>; required?: string[] };
  const changed = Object.entries(properties).map(([name, property]) => {
    if (required.includes(name) || but.includes(name)) return [name, property];
    return [name, { anyOf: [property, { type: 'null' }] }];
  });
  return { ...schema, properties: Object.fromEntries(changed) };
}

/** In a form, pictures are files. */
function formSchema(schema: Json, files: readonly string[]): Json {
  const properties = schema.properties as Record<string, Json>;
  const asFile = ({ description, type }: Json): Json =>
    type === 'array'
      ? { type, items: { type: 'string', contentMediaType: 'application/octet-stream' }, description }
      : { type: 'string', contentMediaType: 'application/octet-stream', description };
  const changed = Object.entries(properties).map(([name, property]) => [
    name,
    files.includes(name) ? asFile(property) : property,
  ]);
  return { ...schema, properties: Object.fromEntries(changed) };
}

function responsesOf({ answers, dialect = 'problem' }: Route): Json {
  const entries = Object.entries(answers).map(([status, answer]) => [status, responseOf(answer)]);
  const [type, name] = dialect === 'openai' ? ['application/json', 'openai_error'] : [PROBLEM_TYPE, 'problem'];
  const error = { description: 'An error.', content: { [type]: { schema: { $ref: `#/components/schemas/${name}` } } } };
  return { ...Object.fromEntries(entries), default: error };
}

function contentOf(type: string): Json {
  if (type === 'text/event-stream') return {};
  return { schema: type === PROBLEM_TYPE ? { $ref: '#/components/schemas/problem' } : { type: 'string' } };
}

function responseOf({ description, schema, types = [] }: Answer): Json {
  const json = schema ? { 'application/json': { schema: schemaOf(schema, 'output') } } : {};
  // The events of a stream have different shapes, so a stream has no schema.
  const others = Object.fromEntries(types.map((type) => [type, contentOf(type)]));
  const content = { ...json, ...others };
  return { description, ...(Object.keys(content).length > 0 ? { content } : {}) };
}
