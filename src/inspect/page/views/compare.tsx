export function CompareView() {
  return <p class="empty">soon</p>
}
