import type { Settings } from '../../main/config/environment.js';
import { fine, type Line, odd, words } from './line.js';
import type { Probes } from './probes.js';

/** The systems that flows ask and tell. Nothing is sent to them. One that is away stops nobody: flows have a branch for it. */
export async function checkEndpoints({ endpoints }: Settings, probes: Probes): Promise<Line[]> {
  return Promise.all(
    Object.entries(endpoints).map(async ([name, { url, network }]) => {
      const id = `endpoint-${name}`;
      const where = `${name} (${new URL(url).host})`;
      const reason = await probes.endpoint({ url, network });
      if (reason === null) return fine(id, words(`可连接接口 ${where}`, `the endpoint ${where} can be reached`));
      if (reason === 'forbidden') {
        const found = words(
          `接口 ${where} 的地址不在 ${network} 网络`,
          `the endpoint ${where} lies in another network than ${network}`,
        );
        return odd(id, found, words('请核对 endpoints.yaml 中的 network', 'look at its network in endpoints.yaml'));
      }
      const found = words(`无法连接接口 ${where}：${reason}`, `the endpoint ${where} cannot be reached: ${reason}`);
      return odd(id, found, words('请核对 endpoints.yaml 与该系统', 'look at endpoints.yaml and at that system'));
    }),
  );
}
