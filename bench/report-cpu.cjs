// Preloaded into a process that is measured: answers each message with its CPU time so far, all threads.
'use strict'
process.on('message', () => process.send(process.cpuUsage()))
process.channel.unref()
