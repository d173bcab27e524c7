import assert from 'node:assert/strict';
import type { lookup } from 'node:dns';
import { describe, it } from 'node:test';
import { GuideProblem } from '../../src/guide.ts';
import { allowUrl, isPrivateAddress } from '../../src/kit/allowed-hosts.ts';

/** A name server that knows one address. */
function resolvesTo(address: string): typeof lookup {
  const answer = (_host: string, _options: unknown, callback: (error: null, found: unknown) => void) =>
    callback(null, [{ address, family: address.includes(':') ? 6 : 4 }]);
  return answer as unknown as typeof lookup;
}

function lookUp(url: string, hosts: string[], address: string): Promise<string> {
  const allowed = allowUrl(url, hosts, resolvesTo(address));
  return new Promise((resolve, reject) => {
    allowed.lookup(allowed.url.hostname, { all: false }, (error, found) =>
      error ? reject(error) : resolve(JSON.stringify(found)),
    );
  });
}

describe('allowed hosts', () => {
  it('accepts a host with the default port, host:port, and patterns of domains', () => {
    const fine: [string, string][] = [
      ['https://scores.example.com/x', 'scores.example.com'],
      ['http://Scores.Example.com', 'scores.example.com'],
      ['http://scores.example.com:80/', 'scores.example.com'],
      ['http://localhost:8001/', 'localhost:8001'],
      ['http://[::1]:8001/', '[::1]:8001'],
      ['https://a.example.com/', '*.example.com'],
      ['https://anything.example/', '*'],
    ];
    for (const [url, entry] of fine) assert.doesNotThrow(() => allowUrl(url, [entry]), `${url} by ${entry}`);
  });

  it('refuses everything else', () => {
    const refused: [string, string][] = [
      ['http://scores.example.com:8080/', 'scores.example.com'],
      ['http://example.com/', '*.example.com'],
      ['http://evilexample.com/', '*.example.com'],
      ['http://example.com.evil.net/', 'example.com'],
      ['http://other.net/', 'example.com'],
      ['file:///etc/passwd', '*'],
      ['ftp://example.com/', '*'],
      ['http://user:secret@example.com/', 'example.com'],
      ['not an address', '*'],
      ['http://127.0.0.1/', '*'],
      ['http://0x7f.1/', '*'],
      ['http://[::ffff:10.0.0.1]/', '*'],
      ['http://169.254.169.254/', '*'],
    ];
    for (const [url, entry] of refused) assert.throws(() => allowUrl(url, [entry]), GuideProblem, `${url} by ${entry}`);
  });

  it('refuses a private address behind a name that only a pattern allows', async () => {
    await assert.rejects(lookUp('http://a.example.com/', ['*.example.com'], '10.1.2.3'), /private address 10\.1\.2\.3/);
    await assert.rejects(lookUp('http://a.example.com/', ['*'], 'fe80::1'), /private address/);
    assert.match(await lookUp('http://a.example.com/', ['*.example.com'], '93.184.215.14'), /93\.184/);
    assert.match(await lookUp('http://a.example.com/', ['a.example.com', '*'], '10.1.2.3'), /10\.1\.2\.3/);
  });

  it('recognises private, local and special networks', () => {
    const bad = [
      '10.0.0.1',
      '127.0.0.1',
      '169.254.169.254',
      '172.31.0.1',
      '192.168.1.1',
      '0.0.0.0',
      '100.64.0.1',
      '224.0.0.1',
      '168.63.129.16',
      '192.88.99.1',
    ];
    const dressed = ['::10.0.0.1', '::7f00:1', '2002:a00:1::', '2001:0:a00:1::1', '64:ff9b::a00:1', '64:ff9b:1::a00:1'];
    for (const address of [...dressed, 'fec0::1']) assert.ok(isPrivateAddress(address), address);
    for (const address of [...bad, '::1', '::', 'fd00::1', 'fe80::1', '::ffff:192.168.0.1', 'ff02::1'])
      assert.ok(isPrivateAddress(address), address);
    for (const address of ['1.1.1.1', '172.32.0.1', '192.169.0.1', '168.63.129.17', '2606:4700::1111', '2001:4860::1'])
      assert.ok(!isPrivateAddress(address), address);
  });
});
