throw new Error('request was left out on purpose: see src/adapters/asterisk/README.md');
