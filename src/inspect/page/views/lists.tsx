export function ListsView() {
  return <p class="empty">soon</p>
}
