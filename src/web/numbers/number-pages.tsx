import type { NumberRoute } from '../router.js';
import { AgentsPage } from './agents-page.js';
import { AlarmsPage } from './alarms-page.js';
import { QueueCallsPage } from './queue-calls-page.js';
import { QueuePage } from './queue-page.js';
import { ReplayPage } from './replay-page.js';
import { ReportsPage } from './reports-page.js';
import { StaffingPage } from './staffing-page.js';

/** Entry of the part of the pages that is about numbers; loaded when one of them is opened. */
export function NumberPages({ route }: { route: NumberRoute }) {
  switch (route.page) {
    case 'queue':
      return <QueuePage key={route.id} queueId={route.id} />;
    case 'queueCalls':
      return <QueueCallsPage key={route.id} queueId={route.id} />;
    case 'agents':
      return <AgentsPage />;
    case 'alarms':
      return <AlarmsPage />;
    case 'replay':
      return <ReplayPage />;
    case 'reports':
      return <ReportsPage />;
    case 'staffing':
      return <StaffingPage />;
  }
}
