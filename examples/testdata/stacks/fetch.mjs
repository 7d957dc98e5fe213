const answer = await fetch('https://api.payments.example/v1/charges', { method: 'POST', body: '{}', signal: AbortSignal.timeout(5000) });
await answer.text();
process.exit(answer.status === 201 ? 0 : 1);
