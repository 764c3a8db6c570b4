import type { Role } from './session.js';
import type { Language } from './words.js';

const zh = {
  title: '登录',
  hint: '请用您的账号登录。',
  changeTitle: '登录后才能修改',
  changeHint: '请用有修改权限的账号登录。',
  user: '账号',
  password: '密码',
  signIn: '登录',
  byToken: '改用访问令牌（大屏）',
  byPassword: '改用账号和密码',
  tokenTitle: '用访问令牌登录',
  tokenHint: '访问令牌适合大屏和其他无人值守的页面。它不会保存在本页中。',
  noUsers: '还没有可以登录的账号。请管理员在服务器上运行：',
  wrong: '账号或密码不正确',
  tooMany: '尝试次数过多，请稍候再试',
  away: '目前无法登录：登录信息的存储不可用，请稍后再试',
  noAnswer: '服务器没有应答',
  refused: '登录被拒绝',
  who: '当前用户',
  notSignedIn: '未登录',
  signOut: '退出登录',
  signOutAll: '在所有设备上退出',
  teams: (names: string) => `班组：${names}`,
  allTeams: '所有班组',
  roles: { admin: '管理员', supervisor: '班长', agent: '坐席', viewer: '只读', local: '本机' } satisfies Record<
    Role | 'local',
    string
  >,
};

const en: typeof zh = {
  title: 'Sign in',
  hint: 'Sign in with your account.',
  changeTitle: 'Sign in to change things',
  changeHint: 'Sign in with an account that may make this change.',
  user: 'Account',
  password: 'Password',
  signIn: 'Sign in',
  byToken: 'Use an access token (for walls)',
  byPassword: 'Use account and password',
  tokenTitle: 'Sign in by token',
  tokenHint: 'A token is for walls and other pages that nobody sits at. It is not kept in this page.',
  noUsers: 'Nobody can sign in with a password yet. An administrator adds somebody on the server:',
  wrong: 'The account or the password is not right',
  tooMany: 'Too many tries; wait a little and try again',
  away: 'Nobody can sign in right now: the store of sign-ins is away. Try again soon',
  noAnswer: 'The server does not answer',
  refused: 'The sign-in was refused',
  who: 'Signed in as',
  notSignedIn: 'Not signed in',
  signOut: 'Sign out',
  signOutAll: 'Sign out everywhere',
  teams: (names: string) => `Teams: ${names}`,
  allTeams: 'all teams',
  roles: { admin: 'Administrator', supervisor: 'Supervisor', agent: 'Agent', viewer: 'Viewer', local: 'This machine' },
};

export const SIGN_IN_WORDS: Record<Language, typeof zh> = { zh, en };
