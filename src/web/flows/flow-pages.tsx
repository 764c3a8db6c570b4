import type { FlowRoute } from '../router.js';
import { CallPage } from './call-page.js';
import { EditPage } from './edit-page.js';
import { FlowList } from './flow-list.js';
import { FlowPage } from './flow-page.js';
import { VersionsPage } from './versions-page.js';

/** Entry of the part of the pages that is about flows; loaded when one of them is opened. */
export function FlowPages({ route }: { route: FlowRoute }) {
  switch (route.page) {
    case 'flows':
      return <FlowList />;
    case 'flow':
      return <FlowPage key={route.id} flowId={route.id} />;
    case 'edit':
      return <EditPage key={route.id} flowId={route.id} />;
    case 'versions':
      return <VersionsPage key={route.id} flowId={route.id} />;
    case 'call':
      return <CallPage key={route.id} callId={route.id} />;
  }
}
