throw new Error('swagger-client was left out on purpose: see src/adapters/asterisk/README.md');
