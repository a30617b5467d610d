// Loads what makes parts of pages come by themselves, once the page is painted: before
// that it would hold the page up, which works without it.
{
	const { src } = document.currentScript.dataset
	addEventListener("load", () => requestAnimationFrame(() => setTimeout(() => {
		const script = document.createElement("script")
		script.src = src
		document.head.append(script)
	})))
}
