import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

import { ROOT } from '../../infrastructure/command.ts';

/** The folder of the manifests. */
export const KUBERNETES = join(ROOT, 'deploy/kubernetes');

interface Labels {
  readonly matchLabels: Readonly<Record<string, string>>;
}

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

interface Volume {
  readonly name: string;
  readonly secret: {
    readonly secretName: string;
    readonly defaultMode: number;
    readonly items: readonly { readonly key: string; readonly path: string }[];
  };
}

export interface Container {
  readonly env: Variable[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly resources: {
    readonly requests: Readonly<Record<string, string>>;
    readonly limits: Readonly<Record<string, string>>;
  };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[];
}

export interface PodSpec {
  terminationGracePeriodSeconds: number;
  readonly enableServiceLinks: boolean;
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number; readonly fsGroup: number };
  readonly topologySpreadConstraints: readonly { readonly topologyKey: string; readonly labelSelector: Labels }[];
  readonly containers: readonly [Container];
  readonly volumes: readonly Volume[];
}

export interface Deployment {
  readonly kind: 'Deployment';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly replicas?: number;
    readonly selector: Labels;
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: PodSpec;
    };
  };
}

export interface DisruptionBudget {
  readonly kind: 'PodDisruptionBudget';
  readonly spec: {
    readonly maxUnavailable: number;
    readonly selector: Labels;
    readonly unhealthyPodEvictionPolicy: string;
  };
}

export interface NetworkPolicy {
  readonly kind: 'NetworkPolicy';
  readonly spec: {
    readonly podSelector: Labels;
    readonly policyTypes: readonly string[];
    readonly ingress: readonly { readonly ports: readonly { readonly port: number | string }[] }[];
    readonly egress: readonly { readonly ports: readonly { readonly port: number | string }[] }[];
  };
}

export interface ScaledObject {
  readonly kind: 'ScaledObject';
  readonly spec: {
    readonly scaleTargetRef: { readonly name: string };
    readonly minReplicaCount: number;
    readonly maxReplicaCount: number;
    readonly triggers: readonly { readonly type: string; readonly metadata: Record<string, string> }[];
  };
}

export interface PodMonitor {
  readonly kind: 'PodMonitor';
  readonly spec: {
    readonly jobLabel: string;
    readonly selector: Labels;
    readonly podMetricsEndpoints: readonly { readonly port: string; readonly path: string }[];
  };
}

interface Kustomization {
  readonly patches: readonly { readonly path?: string; readonly patch?: string }[];
}

/** An object of the API, of a kind that this project has. */
export type Manifest =
  | Deployment
  | DisruptionBudget
  | NetworkPolicy
  | ScaledObject
  | PodMonitor
  | { readonly kind: 'ConfigMap'; readonly metadata: { readonly name: string }; readonly data: Record<string, string> }
  | {
      readonly kind: 'Namespace' | 'ServiceAccount' | 'TriggerAuthentication';
      readonly metadata: { readonly name: string };
    };

/** Returns the objects of a YAML text. */
export function manifestsIn(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

/** Returns the one object of this kind; throws where there is none, or more than one. */
export function only<Kind extends Manifest['kind']>(
  manifests: readonly Manifest[],
  kind: Kind,
): Extract<Manifest, { readonly kind: Kind }> {
  const found = manifests.filter((each) => each.kind === kind);
  if (found.length !== 1) throw new Error(`${found.length} objects of the kind ${kind}`);
  return found[0] as Extract<Manifest, { readonly kind: Kind }>;
}

/** Reads the objects of a file below deploy/kubernetes. */
export function manifestFile(path: string): Manifest[] {
  return manifestsIn(readFileSync(join(KUBERNETES, path), 'utf8'));
}

/** Returns the settings of the base: those of settings.env and those of the container. */
export function baseSettings(): Record<string, string> {
  const lines = readFileSync(join(KUBERNETES, 'base/settings.env'), 'utf8').split('\n');
  const pairs = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split('=', 2));
  return { ...(Object.fromEntries(pairs) as Record<string, string>), ...variablesOf(podOf('base/deployment.yaml')) };
}

export function podOf(path: string): PodSpec {
  return only(manifestFile(path), 'Deployment').spec.template.spec;
}

export function variablesOf(pod: PodSpec): Record<string, string> {
  return Object.fromEntries(pod.containers[0].env.map(({ name, value }) => [name, value]));
}

/** Returns the patches that a component's kustomization holds itself. */
export function inlinePatches(component: string): readonly unknown[] {
  const path = join(KUBERNETES, 'components', component, 'kustomization.yaml');
  const { patches } = parse(readFileSync(path, 'utf8')) as Kustomization;
  return patches.flatMap(({ patch }) => (patch === undefined ? [] : (parse(patch) as unknown[])));
}

/** Returns each path that a variable names and no mounted file has. */
export function unmountedFiles(pod: PodSpec): string[] {
  const [{ volumeMounts }] = pod.containers;
  const mounted = pod.volumes.flatMap(({ name, secret }) => {
    const folder = volumeMounts.find((mount) => mount.name === name)?.mountPath;
    return folder === undefined ? [] : secret.items.map(({ path }) => `${folder}/${path}`);
  });
  return Object.values(variablesOf(pod)).filter((value) => value.startsWith('/') && !mounted.includes(value));
}
