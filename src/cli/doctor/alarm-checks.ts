import type { Settings } from '../../main/config/environment.js';
import { fine, type Line, odd, words } from './line.js';
import type { Probes } from './probes.js';

/** The rules of alarms and the server that they are mailed by. Nothing is sent; calls are served without, so nothing here is a failure. */
export async function checkAlarms({ alarms, mail }: Settings, probes: Probes): Promise<Line[]> {
  const outside = alarms.filter(({ webhooks, mail: groups }) => webhooks.length + groups.length > 0).length;
  const rules =
    alarms.length === 0
      ? odd(
          'alarms',
          words('没有配置任何告警', 'no alarms are configured'),
          words('请在 alarms.yaml 中写明何时提醒谁', 'say in alarms.yaml when who is called'),
        )
      : fine(
          'alarms',
          words(
            `告警规则 ${alarms.length} 条，其中 ${outside} 条通知外部（webhook 或邮件）`,
            `${alarms.length} rules of alarms, of which ${outside} tell somebody outside (webhook or mail)`,
          ),
        );
  if (mail === null) return [rules];
  const where = `${mail.host}:${mail.port}`;
  const reason = await probes.mail(mail);
  if (reason === null) return [rules, fine('mail', words(`邮件服务器 ${where} 可用`, `the mail server ${where} takes us`))];
  return [
    rules,
    odd(
      'mail',
      words(`邮件服务器 ${where} 无法使用：${reason}`, `the mail server ${where} cannot be used: ${reason}`),
      reason.startsWith('EAUTH')
        ? words('请核对 mail.user 与 mail.passwordFile', 'look at mail.user and mail.passwordFile')
        : words('请核对 hotline.yaml 中的 mail（主机、端口、security）', 'look at mail in hotline.yaml (host, port, security)'),
    ),
  ];
}
