/** One route: its input, its answers and its handler. The app and the OpenAPI document are built from it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { paramsError } from '../../contract/requests.ts';
import { KandidError } from '../../errors.ts';
import { REQUEST_JSON } from '../../kit/json.ts';
import type { Body as ReceivedBody } from '../bodies/intake.ts';
import type { Services } from '../services.ts';
import type { Client } from './access.ts';
import { type BodySource, checkBody, contentType, readJson, withContinue } from './body.ts';
import { formBody } from './form.ts';
import { type FormPart, readForm } from './multipart.ts';
import type { Place } from './places.ts';
import type { Dialect } from './problems.ts';

export type Method = 'get' | 'post' | 'patch' | 'delete';

/** A request as a route receives it. */
export interface RawCall {
  readonly services: Services;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Request id, for logs and errors. */
  readonly id: string;
  readonly client: Client;
  /** Path parameters, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly search: URLSearchParams;
  /** The server's address as the caller sees it, for links in responses. */
  readonly place: Place;
  /** Counts the request against its client's rate limit. @throws {KandidError} rate_limited, redis_unavailable */
  readonly admit: () => Promise<void>;
  /**
   * Call when the body's contents are stored elsewhere, so that further bodies may be read; repeated calls have no
   * effect.
   */
  readonly releaseBody: () => void;
}

export interface Call<Body, Query> extends RawCall {
  readonly body: Body;
  readonly query: Query;
}

export interface Answer {
  readonly description: string;
  /** Schema of a JSON body. */
  readonly schema?: z.ZodType;
  /** Media types of other bodies. */
  readonly types?: readonly string[];
}

interface RouteFacts<Body extends z.ZodType, Query extends z.ZodType> {
  readonly method: Method;
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Needs no key, and is not rate-limited. */
  readonly isOpen?: boolean;
  /** Calls `admit` itself, for responses that cost something. */
  readonly admitsItself?: boolean;
  /** Other sites may embed its responses. */
  readonly isEmbeddable?: boolean;
  /** A signed address is accepted instead of a key. */
  readonly isSigned?: boolean;
  /** Not logged: it is polled constantly. */
  readonly isQuiet?: boolean;
  readonly dialect?: Dialect;
  readonly body?: Body;
  /** Whether the body may be omitted. */
  readonly bodyOptional?: boolean;
  /** Fields that are files when the body is a form; without it, only JSON is accepted. */
  readonly files?: readonly string[];
  /** Its JSON may contain pictures although it accepts no form. */
  readonly takesPictures?: boolean;
  /** Accepts only a form. */
  readonly formOnly?: boolean;
  /** Schema of a form if its fields differ from the JSON body's; the output is the same. @default body */
  readonly form?: z.ZodType<z.output<Body>>;
  /**
   * Converts a form to the object that the schema checks. @default fields by name, parsed as JSON where the schema
   * expects no string
   */
  readonly fromForm?: (parts: readonly FormPart[]) => unknown;
  /** Transforms a JSON body before validation; see `nullable` for how it is documented. */
  readonly fromJson?: (body: unknown) => unknown;
  /** Documents that null means omitted, for all optional fields of a JSON body except these. */
  readonly nullable?: { readonly but: readonly string[] };
  readonly query?: Query;
  /** Descriptions of the path parameters. */
  readonly parts?: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<number, Answer>>;
}

export interface RouteSpec<Body extends z.ZodType, Query extends z.ZodType> extends RouteFacts<Body, Query> {
  handle(call: Call<z.output<Body>, z.output<Query>>): Promise<void> | void;
}

export interface Route extends RouteFacts<z.ZodType, z.ZodType> {
  /** @throws {KandidError} the reason why the request is refused or fails */
  run(call: RawCall): Promise<void>;
}

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'multipart/form-data';

export function route<Body extends z.ZodType = z.ZodUndefined, Query extends z.ZodType = z.ZodUndefined>(
  spec: RouteSpec<Body, Query>,
): Route {
  const { handle, ...facts } = spec;
  return {
    ...facts,
    async run(call) {
      const query = (spec.query ? parseQuery(spec.query, call.search) : undefined) as z.output<Query>;
      const received = spec.body ? await receivedBody(spec, call) : null;
      const releaseBody = () => received?.release();
      try {
        const body = (spec.body ? await parseBody(spec.body, spec, received, call) : undefined) as z.output<Body>;
        await handle({ ...call, body, query, releaseBody });
      } finally {
        releaseBody();
      }
    },
  };
}

function parseQuery<Schema extends z.ZodType>(schema: Schema, search: URLSearchParams): z.output<Schema> {
  const twice = [...search.keys()].find((name) => search.getAll(name).length > 1);
  if (twice !== undefined)
    throw new KandidError('params_invalid', { subject: 'The query', field: twice, problem: 'it is given twice' });
  const parsed = schema.safeParse(Object.fromEntries(search));
  if (!parsed.success) throw paramsError('The query', parsed.error);
  return parsed.data;
}

async function parseBody<Body extends z.ZodType, Query extends z.ZodType>(
  schema: Body,
  facts: RouteFacts<Body, Query>,
  received: ReceivedBody | null,
  call: RawCall,
): Promise<z.output<Body>> {
  const isForm = received !== null && contentType(received.source) === FORM_TYPE;
  const expected: z.ZodType = (isForm && facts.form) || schema;
  const given = received ? await givenBody(expected, facts, received.source, call) : {};
  const parsed = await expected.safeParseAsync(given);
  if (!parsed.success) throw paramsError('The body', parsed.error);
  return parsed.data as z.output<Body>;
}

/** Receives the body; null if it is optional and missing. @throws {KandidError} the reason why the body is refused */
async function receivedBody<Body extends z.ZodType, Query extends z.ZodType>(
  { files, takesPictures, formOnly, bodyOptional }: RouteFacts<Body, Query>,
  { request, response, services, client }: RawCall,
): Promise<ReceivedBody | null> {
  // Only pictures need more.
  const bodyBytes =
    files || takesPictures ? services.settings.bodyBytes : Math.min(services.settings.bodyBytes, REQUEST_JSON.bytes);
  const type = contentType(request);
  checkBody(request, bodyBytes);
  const isTaken = type === JSON_TYPE ? !formOnly : type === FORM_TYPE && files !== undefined;
  if (isTaken) return await services.intake.receive(withContinue(request, response), client.name, bodyBytes);
  const isEmpty = request.headers['transfer-encoding'] === undefined && !Number(request.headers['content-length']);
  if (bodyOptional && type === '' && isEmpty) return null;
  const takes = [...(formOnly ? [] : [JSON_TYPE]), ...(files ? [FORM_TYPE] : [])];
  throw new KandidError('type_unsupported', {
    got: type.slice(0, 100) || 'of no type',
    expected: takes.join(' or '),
  });
}

async function givenBody<Body extends z.ZodType, Query extends z.ZodType>(
  schema: z.ZodType,
  { fromJson = (body) => body, fromForm = (parts) => formBody(schema, parts) }: RouteFacts<Body, Query>,
  source: BodySource,
  { services }: RawCall,
): Promise<unknown> {
  const { bodyBytes } = services.settings;
  if (contentType(source) === JSON_TYPE) return fromJson(await readJson(source, bodyBytes));
  return fromForm(await readForm(source, bodyBytes));
}
