export default {
  title: 'Sign in',
  form: 'Sign in',
  email: 'E-mail',
  password: 'Password',
  submit: 'Sign in',
  codeForm: 'Second factor',
  code: 'Code',
  codeHint: 'Six digits from your authenticator app, or the recovery code that you kept.',
  submitCode: 'Confirm',
  back: 'Use another account',
  help: 'No password yet, or forgotten? Whoever runs this server can make a one-time link: rookery user link you@example.com',
  version: (/** @type {string} */ version) => `Rookery ${version}`,
};
