/** One route: what it takes, what it answers, and what it does. The app and the OpenAPI document are made from it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { paramsError } from '../../contract/requests.ts';
import { KandidError } from '../../errors.ts';
import { REQUEST_JSON } from '../../kit/json.ts';
import type { Body as ReceivedBody } from '../bodies/intake.ts';
import type { Services } from '../services.ts';
import type { Client } from './access.ts';
import { type BodySource, checkBody, contentType, invited, readJson } from './body.ts';
import { formBody } from './form.ts';
import { type FormPart, readForm } from './multipart.ts';
import type { Place } from './places.ts';
import type { Dialect } from './problems.ts';

export type Method = 'get' | 'post' | 'patch' | 'delete';

/** A request as it reaches a route. */
export interface RawCall {
  readonly services: Services;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Of the request, for logs and errors. */
  readonly id: string;
  readonly client: Client;
  /** Parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly search: URLSearchParams;
  /** Where the caller sees the server, for addresses in answers. */
  readonly place: Place;
  /** Counts the request against what its client may do in a minute. @throws {KandidError} rate_limited, redis_unavailable */
  readonly admit: () => Promise<void>;
  /** Says that the body is in safe hands: others may be read. More than once does no harm. */
  readonly releaseBody: () => void;
}

export interface Call<Body, Query> extends RawCall {
  readonly body: Body;
  readonly query: Query;
}

export interface Answer {
  readonly description: string;
  /** Of a JSON body. */
  readonly schema?: z.ZodType;
  /** Types of another body. */
  readonly types?: readonly string[];
}

interface DoorFacts<Body extends z.ZodType, Query extends z.ZodType> {
  readonly method: Method;
  /** With `{name}` for parts that vary. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Needs no key, and is not counted. */
  readonly isOpen?: boolean;
  /** It calls `admit` itself, where an answer costs something. */
  readonly admitsItself?: boolean;
  /** Other sites may show what it answers. */
  readonly isEmbeddable?: boolean;
  /** A signed address stands for a key. */
  readonly isSigned?: boolean;
  /** Not told in the log: it is asked for all the time. */
  readonly isQuiet?: boolean;
  readonly dialect?: Dialect;
  readonly body?: Body;
  /** Whether it may be left out. */
  readonly bodyOptional?: boolean;
  /** Fields that are files where it comes as a form; without it, only JSON is taken. */
  readonly files?: readonly string[];
  /** Its JSON may hold pictures although no form is taken. */
  readonly takesPictures?: boolean;
  /** Only a form is taken. */
  readonly formOnly?: boolean;
  /** Of a form, where its fields are not those of JSON; it gives the same. @default body */
  readonly form?: z.ZodType<z.output<Body>>;
  /** A form as the object that the schema checks. @default fields by name, texts that are no texts there as JSON */
  readonly fromForm?: (parts: readonly FormPart[]) => unknown;
  /** Changes a JSON body before it is checked; see `nullable` for what the document says of it. */
  readonly fromJson?: (body: unknown) => unknown;
  /** Fields of a JSON body that may be null for being left out: all that are not required, but these. */
  readonly nullable?: { readonly but: readonly string[] };
  readonly query?: Query;
  /** What each part of the path is. */
  readonly parts?: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<number, Answer>>;
}

export interface DoorSpec<Body extends z.ZodType, Query extends z.ZodType> extends DoorFacts<Body, Query> {
  handle(call: Call<z.output<Body>, z.output<Query>>): Promise<void> | void;
}

export interface Route extends DoorFacts<z.ZodType, z.ZodType> {
  /** @throws {KandidError} what the request is refused for, or fails with */
  run(call: RawCall): Promise<void>;
}

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'multipart/form-data';

export function route<Body extends z.ZodType = z.ZodUndefined, Query extends z.ZodType = z.ZodUndefined>(
  spec: DoorSpec<Body, Query>,
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
  facts: DoorFacts<Body, Query>,
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

/** The body that has come in; null where it may be left out and is. @throws {KandidError} what the body is refused for */
async function receivedBody<Body extends z.ZodType, Query extends z.ZodType>(
  { files, takesPictures, formOnly, bodyOptional }: DoorFacts<Body, Query>,
  { request, response, services, client }: RawCall,
): Promise<ReceivedBody | null> {
  // Only pictures need more.
  const bodyBytes =
    files || takesPictures ? services.settings.bodyBytes : Math.min(services.settings.bodyBytes, REQUEST_JSON.bytes);
  const type = contentType(request);
  checkBody(request, bodyBytes);
  const isTaken = type === JSON_TYPE ? !formOnly : type === FORM_TYPE && files !== undefined;
  if (isTaken) return await services.intake.receive(invited(request, response), client.name, bodyBytes);
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
  { fromJson = (body) => body, fromForm = (parts) => formBody(schema, parts) }: DoorFacts<Body, Query>,
  source: BodySource,
  { services }: RawCall,
): Promise<unknown> {
  const { bodyBytes } = services.settings;
  if (contentType(source) === JSON_TYPE) return fromJson(await readJson(source, bodyBytes));
  return fromForm(await readForm(source, bodyBytes));
}
