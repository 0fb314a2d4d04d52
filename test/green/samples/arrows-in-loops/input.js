import { sleep } from 'fibril/green'
const whole = (x) => sleep(x)
for (let i = 0; i < 3; i++) {
  const each = () => sleep(i)
  const shared = y => sleep(y)
}
function f(z) {
  const once = async () => sleep(z)
  return () => () =>
    sleep(z)
}
