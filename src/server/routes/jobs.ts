/** Routes of jobs: list, read, create, cancel, steer, follow. */
import { z } from 'zod';
import { job, jobList } from '../../contract/answers.ts';
import { jobBody, steerBody } from '../../contract/operations.ts';
import { type Route, route } from '../http/route.ts';
import { generated } from './generate.ts';
import { answer, describeJob, sendJson, sendPictures } from './responses.ts';
import { followJob } from './sse.ts';
import { holdFor } from './submit.ts';

const number = (least: number, most: number) =>
  z.coerce.number(`expected a whole number from ${least} to ${most}`).int().min(least).max(most);
const parts = { id: 'Job id; anyone who knows it may read, follow and cancel the job.' };

const listQuery = z.strictObject({
  state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']).optional(),
  limit: number(1, 1000).default(50),
  offset: number(0, 1_000_000).default(0),
});

export const jobRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/jobs',
    tag: 'jobs',
    summary: "The caller's own jobs, newest first",
    query: listQuery,
    answers: { 200: { description: 'Jobs.', schema: jobList } },
    async handle(call) {
      const { jobs, hasMore } = await call.services.jobs.list({ ...call.query, client: call.client.name });
      sendJson(call, { jobs: jobs.map((one) => describeJob(call, one)), hasMore });
    },
  }),
  route({
    method: 'post',
    path: '/v1/jobs',
    tag: 'jobs',
    summary: 'Generates asynchronously: as /v1/generate with Prefer: respond-async',
    description: 'It may ask a person (guide human): GET shows the candidates, PATCH picks among them.',
    body: jobBody,
    files: ['condition'],
    answers: { 202: { description: 'The job; its address is in Location.', schema: job } },
    async handle(call) {
      const { prefer } = call.request.headers;
      call.request.headers.prefer = `respond-async, ${prefer ?? ''}`;
      const { previews, ...body } = call.body;
      await answer(call, { work: { ...generated(body), previews, person: true }, label: 'generate' }, call.body);
    },
  }),
  route({
    method: 'get',
    path: '/v1/jobs/{id}',
    tag: 'jobs',
    summary: 'One job, with its results',
    parts,
    answers: { 200: { description: 'The job.', schema: job } },
    async handle(call) {
      const found = await call.services.jobs.get(call.params.id ?? '');
      holdFor(call, found);
      await sendPictures(call, describeJob(call, found, true));
    },
  }),
  route({
    method: 'patch',
    path: '/v1/jobs/{id}',
    tag: 'jobs',
    summary: 'Steers a job: weights, and picks',
    parts,
    description: 'For clients without a WebSocket; choices made so far are kept.',
    body: steerBody,
    answers: { 200: { description: 'The job.', schema: job } },
    async handle(call) {
      const { jobs } = call.services;
      const { weights, question, picks } = call.body;
      const found = await jobs.get(call.params.id ?? '');
      if (question !== undefined && picks) await jobs.choose(found, question, picks);
      if (weights) await jobs.weigh(found, weights);
      sendJson(call, describeJob(call, found));
    },
  }),
  route({
    method: 'delete',
    path: '/v1/jobs/{id}',
    tag: 'jobs',
    summary: 'Cancels a job',
    parts,
    description: 'A running job ends within a level, with its best pictures so far; an ended job is unchanged.',
    answers: { 202: { description: 'The job.', schema: job } },
    async handle(call) {
      const found = await call.services.jobs.get(call.params.id ?? '');
      await call.services.jobs.cancel(found);
      sendJson(call, describeJob(call, found), { status: 202 });
    },
  }),
  route({
    method: 'get',
    path: '/v1/jobs/{id}/events',
    tag: 'jobs',
    summary: 'Follows a job',
    parts,
    description:
      'Server-sent events with the sequence number as id: after a lost connection, Last-Event-ID continues from there.',
    query: z.strictObject({ since: number(0, 1e9).optional().describe('Same as Last-Event-ID.') }),
    answers: { 200: { description: 'Events to the end of the job.', types: ['text/event-stream'] } },
    async handle(call) {
      const header = Number(call.request.headers['last-event-id'] ?? Number.NaN);
      const since = call.query.since ?? (Number.isInteger(header) && header >= 0 ? header : undefined);
      await followJob(call, await call.services.jobs.get(call.params.id ?? ''), since);
    },
  }),
];
