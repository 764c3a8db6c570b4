/** The process as the commands see it. The one place where the environment is read and the exit code is set. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nodeVersion: string;
  write(text: string): void;
  setExitCode(code: number): void;
}

export const processHost = (): Host => ({
  env: process.env,
  nodeVersion: process.versions.node,
  write: (text) => void process.stdout.write(text),
  setExitCode: (code) => {
    process.exitCode = code;
  },
});
