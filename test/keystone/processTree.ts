// What a process and its children have used of the processors, as the kernel counts it.
// It exists because programs that are no children of ours in Node's sense do not tell it themselves.
import { readFile } from 'node:fs/promises'

/** Clock ticks a second in /proc, on every Linux that Node runs on (`getconf CLK_TCK`). */
const ticksPerSec = 100

const cpuUsOf = async (pid: string): Promise<number> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // utime and stime of this process alone: proc(5), fields 14 and 15.
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticksPerSec
}

/** Microseconds of processor time of a process and of its children, in steps of 10 ms each. */
export const processTreeCpuUs = async (pid: number): Promise<number> => {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  const used = await Promise.all([String(pid), ...children.split(' ').filter(Boolean)].map(cpuUsOf))
  return used.reduce((sum, one) => sum + one, 0)
}
