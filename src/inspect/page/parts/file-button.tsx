import { Icon } from './icons.tsx'

export interface FileButtonProps {
  readonly label: string
  readonly accept: string
  readonly onText: (text: string, name: string) => void
}

/** Opens a file of this machine; it goes no further than this page. */
export function FileButton({ label, accept, onText }: FileButtonProps) {
  return (
    <label class="button file">
      <Icon name="open" />
      {label}
      <input
        type="file"
        accept={accept}
        aria-label={label}
        onChange={async ({ currentTarget }) => {
          const file = currentTarget.files?.[0]
          if (file === undefined) return
          onText(await file.text(), file.name)
          currentTarget.value = ''
        }}
      />
    </label>
  )
}

/** Has the browser save a text as a file. */
export function save(text: string, name: string, type: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
