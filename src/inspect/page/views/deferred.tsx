export function DeferredView() {
  return <p class="empty">soon</p>
}
