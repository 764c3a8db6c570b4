import type { Settings } from '../../main/config/environment.js';
import { historyPlace } from '../../main/history.js';
import { fine, type Line, odd, words } from './line.js';
import type { HistoryState, Probes } from './probes.js';
import { reasonOf } from './service-checks.js';

/** The store of the history. Without it calls are served and facts wait in Redis, so nothing here is a failure. */
export async function checkHistory({ history }: Settings, probes: Probes): Promise<Line> {
  const kind = history.databaseUrl === null ? 'SQLite' : 'PostgreSQL';
  let state: HistoryState;
  try {
    state = await probes.history(historyPlace(history));
  } catch (error) {
    const reason = reasonOf(error);
    const found = words(
      `历史库（${kind}）无法使用：${reason}；事实会在 Redis 中等待`,
      `the history (${kind}) cannot be used: ${reason}; the facts wait in Redis`,
    );
    const mend = words(
      '请启动 PostgreSQL 并核对 DATABASE_URL，或检查 history.file 所在文件夹',
      'start PostgreSQL and look at DATABASE_URL, or look at the folder of history.file',
    );
    return odd('history', found, mend);
  }
  if (state === 'none')
    return fine('history', words(`历史库（${kind}）将在首次启动时建立`, `the history (${kind}) is made at the first start`));
  const stands = words(
    `历史库（${kind}）可用，写到第 ${state.seq} 条事实`,
    `the history (${kind}) can be read and stands at fact ${state.seq}`,
  );
  if (state.missing === 0) return fine('history', stands);
  return odd(
    'history',
    words(`${stands.zh}，缺少 ${state.missing} 条事实`, `${stands.en}; ${state.missing} facts are missing in it`),
    words(
      '历史库停用时间不要超过 Redis 保留事实的时间',
      'bring the history back before Redis lets go of the facts; what is missing stays missing',
    ),
  );
}
