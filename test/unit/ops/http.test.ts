import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { HttpPortUnavailableError, type Readiness } from '../../../src/ops/http.ts';
import { ask, connected, READY, started } from './http-endpoint.ts';

describe('pages', () => {
  test('/livez responds with 200 whatever readiness reports', async () => {
    const { url } = await started({ readiness: () => Promise.reject(new Error('away')) });
    expect(await ask(url, '/livez')).toMatchObject({ status: 200, body: '{"status":"alive"}\n' });
  });

  test('/readyz responds with 200 and its checks while the worker is ready', async () => {
    const { url } = await started();
    const { status, headers, body } = await ask(url, '/readyz');
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    expect(JSON.parse(body)).toEqual({ status: 'ready', checks: { broker: true, database: true } });
  });

  test('/readyz responds with 503 and names the failing check', async () => {
    const { url } = await started({ readiness: () => Promise.resolve({ ready: false, checks: { database: false } }) });
    const { status, body } = await ask(url, '/readyz');
    expect(status).toBe(503);
    expect(JSON.parse(body)).toEqual({ status: 'not ready', checks: { database: false } });
  });

  test('/readyz responds with 503 without the message of an error', async () => {
    const { url } = await started({ readiness: () => Promise.reject(new Error('mongodb://u:secret@h')) });
    const { status, body } = await ask(url, '/readyz');
    expect(status).toBe(503);
    expect(body).not.toContain('secret');
  });

  test('/readyz responds with 503 in time while the checks hang, and concurrent requests share one check', async () => {
    let asked = 0;
    let release: (readiness: Readiness) => void = () => undefined;
    const readiness = (): Promise<Readiness> => {
      asked += 1;
      return new Promise((resolve) => (release = resolve));
    };
    const { url } = await started({ readiness, readinessTimeoutMs: 30 });
    const answers = await Promise.all([ask(url, '/readyz'), ask(url, '/readyz'), ask(url, '/readyz')]);
    expect(answers.map((answer) => answer.status)).toEqual([503, 503, 503]);
    expect(asked).toBe(1);
    release(READY);
    await expect.poll(async () => (await ask(url, '/readyz'), asked)).toBe(2);
  });

  test('/metrics responds with the text and the content type of the registry', async () => {
    const { url } = await started();
    const { status, headers, body } = await ask(url, '/metrics');
    expect([status, headers['content-type'], body]).toEqual([200, 'text/plain; version=0.0.4', 'a 1\n']);
  });

  test('/metrics responds with 500 without the message of an error', async () => {
    const metrics = { contentType: 'text/plain', text: () => Promise.reject(new Error('secret')) };
    const { url } = await started({ metrics });
    expect(await ask(url, '/metrics')).toMatchObject({ status: 500, body: 'failed\n' });
  });
});

describe('requests', () => {
  test('HEAD returns the headers of GET and no body', async () => {
    const { url } = await started();
    const [get, head] = [await ask(url, '/livez'), await ask(url, '/livez', 'HEAD')];
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s returns 405 with the allowed methods', async (method) => {
    const { url } = await started();
    const { status, headers } = await ask(url, '/readyz', method);
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  test.each(['/', '/readyz/', '/LIVEZ', '/../livez', '//livez', '/__proto__', '/constructor'])(
    '%s returns 404',
    async (path) => {
      const { url } = await started();
      expect((await ask(url, path)).status).toBe(404);
    },
  );

  test('a query is ignored', async () => {
    const { url } = await started();
    expect((await ask(url, '/livez?verbose=1')).status).toBe(200);
  });

  test('a body larger than any buffer is discarded and gets a response', async () => {
    const { url } = await started();
    const response = await fetch(`${url}/metrics`, { method: 'POST', body: 'x'.repeat(2_000_000) });
    expect(response.status).toBe(405);
  });

  test('bytes that are not HTTP are refused and do not stop the server', async () => {
    const { url, endpoint } = await started();
    const socket = await connected(endpoint.port);
    socket.end('\u0000\u0001 nonsense\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400/);
    expect((await ask(url, '/livez')).status).toBe(200);
  });
});

describe('start and stop', () => {
  test('port 0 means no HTTP', async () => {
    const { endpoint } = await started({ port: 0 });
    expect(endpoint.port).toBeUndefined();
    await endpoint.close();
  });

  test('a port in use rejects with its number and code', async () => {
    const { endpoint } = await started();
    const refused = started({ port: endpoint.port ?? 0 });
    await expect(refused).rejects.toThrow(`port ${endpoint.port} is in use`);
    await expect(refused).rejects.toMatchObject({
      name: 'HttpPortUnavailableError',
      code: 'EADDRINUSE',
      isTransient: true,
    });
  });

  test('a port that needs privileges is reported as such, and not as transient', () => {
    const refused = new HttpPortUnavailableError(80, 'EACCES');
    expect([refused.message, refused.isTransient]).toEqual([
      'port 80 needs privileges that this process does not have',
      false,
    ]);
  });

  test('the endpoint listens on all interfaces, IPv4 included', async () => {
    const { endpoint } = await started();
    expect((await ask(`http://localhost:${endpoint.port}`, '/livez')).status).toBe(200);
    expect((await ask(`http://127.0.0.1:${endpoint.port}`, '/livez')).status).toBe(200);
  });

  test('close ends in time despite an unfinished request, and may be called twice', async () => {
    const { endpoint } = await started();
    const socket = await connected(endpoint.port);
    const closed = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)));
    socket.on('error', () => undefined).write('GET /livez HTTP/1.1\r\n');
    await endpoint.close(50);
    expect(await closed).toBe(true);
    await endpoint.close(50);
  });

  test('close ends in time despite an unfinished response', async () => {
    let asked: () => void = () => undefined;
    const askedFor = new Promise<void>((resolve) => (asked = resolve));
    const readiness = (): Promise<Readiness> => {
      asked();
      return new Promise(() => undefined);
    };
    const { endpoint, url } = await started({ readiness, readinessTimeoutMs: 60_000 });
    const answer = ask(url, '/readyz').catch((error: unknown) => error);
    await askedFor;
    await endpoint.close(50);
    expect(await answer).toMatchObject({ code: 'ECONNRESET' });
  });

  test('after close the port refuses connections', async () => {
    const { endpoint, url } = await started();
    await endpoint.close();
    await expect(ask(url, '/livez')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
