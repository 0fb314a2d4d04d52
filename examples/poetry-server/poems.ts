/** What is dripped if nobody gives files: poems that belong to everybody. */
export const poems: Readonly<Record<string, string>> = {
  ozymandias: `Ozymandias
Percy Bysshe Shelley, 1818

I met a traveller from an antique land,
Who said: “Two vast and trunkless legs of stone
Stand in the desert. Near them, on the sand,
Half sunk, a shattered visage lies, whose frown,
And wrinkled lip, and sneer of cold command,
Tell that its sculptor well those passions read
Which yet survive, stamped on these lifeless things,
The hand that mocked them, and the heart that fed;
And on the pedestal these words appear:
‘My name is Ozymandias, king of kings:
Look on my works, ye Mighty, and despair!’
Nothing beside remains. Round the decay
Of that colossal wreck, boundless and bare
The lone and level sands stretch far away.”
`,
  hope: `“Hope” is the thing with feathers
Emily Dickinson, 1861

“Hope” is the thing with feathers —
That perches in the soul —
And sings the tune without the words —
And never stops — at all —

And sweetest — in the Gale — is heard —
And sore must be the storm —
That could abash the little Bird
That kept so many warm —

I’ve heard it in the chillest land —
And on the strangest Sea —
Yet — never — in Extremity,
It asked a crumb — of me.
`,
  rose: `The Sick Rose
William Blake, 1794

O Rose, thou art sick!
The invisible worm,
That flies in the night,
In the howling storm,

Has found out thy bed
Of crimson joy;
And his dark secret love
Does thy life destroy.
`,
}
