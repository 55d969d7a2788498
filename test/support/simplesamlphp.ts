// SimpleSAMLphp as Debian packages it, run by PHP's own web server on loopback, with a configuration of its own: an
// identity provider that nobody here wrote.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeKeyPair } from '../../src/saml/self-signed.ts';
import { freePort } from './port.ts';

const HOME = '/usr/share/simplesamlphp';

export interface ServiceProvider {
  readonly entityId: string;
  readonly acsUrl: string;
  readonly logoutUrl: string;
  /** Bare base64. */
  readonly signing: string;
  readonly encryption: string | null;
}

export class SimpleSamlPhp {
  readonly url: string;
  readonly metadataUrl: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(url: string, folder: string, process: ChildProcess) {
    this.url = url;
    this.metadataUrl = `${url}/saml2/idp/metadata.php`;
    this.#folder = folder;
    this.#process = process;
  }

  static async start(): Promise<SimpleSamlPhp> {
    if (!existsSync(HOME)) throw new Error('SimpleSAMLphp is not here: install the packages simplesamlphp and php-cli');
    const folder = await mkdtemp(join(tmpdir(), 'rollcall-ssp-'));
    const url = `http://127.0.0.1:${await freePort()}`;
    const keys = await makeKeyPair('simplesamlphp', new Date());
    for (const name of ['metadata', 'cert', 'log', 'sessions', 'tmp']) await mkdir(join(folder, name));
    await writeFile(join(folder, 'cert', 'idp.pem'), keys.privateKey);
    await writeFile(join(folder, 'cert', 'idp.crt'), keys.certificate);
    await writeFile(join(folder, 'config.php'), configPhp(url, folder));
    await writeFile(join(folder, 'authsources.php'), AUTH_SOURCES);
    await writeFile(join(folder, 'metadata', 'saml20-idp-hosted.php'), HOSTED);
    await writeFile(join(folder, 'metadata', 'saml20-sp-remote.php'), '<?php');
    const { host } = new URL(url);
    const child = spawn(
      'php',
      ['-d', `session.save_path=${folder}/sessions`, '-d', 'display_errors=0', '-S', host, '-t', `${HOME}/www`],
      {
        env: { ...process.env, SIMPLESAMLPHP_CONFIG_DIR: folder, PHP_CLI_SERVER_WORKERS: '4' },
        stdio: ['ignore', 'ignore', 'ignore'],
      },
    );
    const onExit = (): boolean => child.kill('SIGKILL');
    process.once('exit', onExit);
    child.once('exit', () => process.removeListener('exit', onExit));
    const server = new SimpleSamlPhp(url, folder, child);
    for (let tries = 0; tries < 200 && child.exitCode === null; tries += 1) {
      const answer = await fetch(server.metadataUrl).catch(() => null);
      if (answer?.ok === true) return server;
      await sleep(50);
    }
    const last = await fetch(server.metadataUrl).then((answer) => answer.text(), String);
    await server.stop();
    throw new Error(`SimpleSAMLphp did not start: ${last.slice(0, 2000)}`);
  }

  async trust(provider: ServiceProvider): Promise<void> {
    const keys = [
      `['encryption' => false, 'signing' => true, 'type' => 'X509Certificate', 'X509Certificate' => '${provider.signing}']`,
      ...(provider.encryption === null
        ? []
        : [
            `['encryption' => true, 'signing' => false, 'type' => 'X509Certificate', 'X509Certificate' => '${provider.encryption}']`,
          ]),
    ];
    const php = `<?php $metadata['${provider.entityId}'] = [
      'AssertionConsumerService' => '${provider.acsUrl}',
      'SingleLogoutService' => '${provider.logoutUrl}',
      'keys' => [${keys.join(', ')}],
      'validate.authnrequest' => true, 'validate.logout' => true, 'redirect.validate' => true,
      'sign.logout' => true, 'redirect.sign' => true, 'saml20.sign.assertion' => true, 'saml20.sign.response' => true,
      'assertion.encryption' => ${provider.encryption === null ? 'false' : 'true'},
      'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      'simplesaml.nameidattribute' => 'uid',
    ];`;
    await writeFile(join(this.#folder, 'metadata', 'saml20-sp-remote.php'), php);
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child.exitCode === null && child.signalCode === null) {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await Promise.race([exited, sleep(3000).then(() => child.kill('SIGKILL'))]);
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function configPhp(url: string, folder: string): string {
  return `<?php $config = [
    'baseurlpath' => '${url}/',
    'certdir' => '${folder}/cert/', 'loggingdir' => '${folder}/log/', 'datadir' => '${folder}/', 'tempdir' => '${folder}/tmp',
    'metadatadir' => '${folder}/metadata',
    'secretsalt' => 'salt-of-the-tests', 'auth.adminpassword' => 'admin-of-the-tests', 'technicalcontact_email' => 'ops@test.example',
    'timezone' => 'UTC', 'showerrors' => true, 'errorreporting' => false, 'logging.level' => 7, 'logging.handler' => 'file', 'logging.logfile' => 'log',
    'enable.saml20-idp' => true, 'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'session.cookie.secure' => false, 'session.phpsession.savepath' => '${folder}/sessions', 'store.type' => 'phpsession',
    'session.cookie.samesite' => null, 'language.default' => 'en', 'theme.use' => 'default',
    'metadata.sources' => [['type' => 'flatfile', 'directory' => '${folder}/metadata']],
    'trusted.url.domains' => null,
  ];`;
}

const AUTH_SOURCES = `<?php $config = ['people' => ['exampleauth:UserPass',
  'anna:secret' => ['uid' => ['anna-7'], 'mail' => ['Anna@acme.example'], 'givenName' => ['Anna'], 'sn' => ['Alt'], 'groups' => ['sales', 'label-team']],
]];`;

const HOSTED = `<?php $metadata['__DYNAMIC:1__'] = [
  'host' => '__DEFAULT__', 'privatekey' => 'idp.pem', 'certificate' => 'idp.crt', 'auth' => 'people',
  'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  'authproc' => [3 => ['class' => 'saml:AttributeNameID', 'attribute' => 'uid', 'Format' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent']],
];`;
