// Sends messages that the library itself builds and frames; prints each acknowledgement's MSA as JSON.
const hl7 = require('simple-hl7');
const [port, ...orders] = process.argv.slice(2);
const client = hl7.Server.createTcpClient({ host: '127.0.0.1', port: Number(port), keepalive: true });

function message(number) {
  const now = new Date().toISOString().replace(/\D/g, '').slice(0, 14) + '+0000';
  const made = new hl7.Message('NODELAB', 'NODEFAC', 'PORTAL', 'HV', now, '', ['ORU', 'R01'], number, 'P', '2.5');
  made.addSegment('PID', '1', '', [['NODE-' + number, '', '', 'NODEFAC', 'MR']], '', ['Brandt', 'Ida'], '', '19840203', 'F');
  made.addSegment('OBR', '1', '', number, ['2951-2', 'Sodium', 'LN'], '', '', now, '', '', '', '', '', '', '', '',
    ['9000000017', 'Chen', 'Alice'], '', '', '', '', '', now, '', 'LAB', 'F');
  made.addSegment('OBX', '1', 'NM', ['2951-2', 'Sodium', 'LN'], '', '139', 'mmol/L', '135-145', 'N', '', '', 'F', '', '', now);
  return made;
}

function next() {
  if (!orders.length) { client.close(); return; }
  client.send(message(orders.shift()), (error, ack) => {
    if (error) { console.error(error); process.exit(1); }
    const msa = ack.getSegment('MSA');
    console.log(JSON.stringify({ code: msa.getField(1), control: msa.getField(2) }));
    setImmediate(next);  // it still thinks itself waiting while it calls back
  });
}
next();
