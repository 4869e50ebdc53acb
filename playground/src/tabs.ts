// Tabs as the ARIA practices describe them: arrows move, one tab stop, panels are labelled.

export class Tabs {
  private readonly buttons: HTMLButtonElement[];
  chosen: string;

  constructor(list: HTMLElement, private readonly onChoose: (name: string) => void) {
    this.buttons = [...list.querySelectorAll<HTMLButtonElement>("[role=tab]")];
    this.chosen = this.buttons[0].dataset.tab ?? "";
    for (const button of this.buttons) button.onclick = () => this.choose(button.dataset.tab ?? "");
    list.onkeydown = (event) => this.move(event);
    this.show();
  }

  choose(name: string): void {
    this.chosen = name;
    this.show();
    this.onChoose(name);
  }

  private show(): void {
    for (const button of this.buttons) {
      const chosen = button.dataset.tab === this.chosen;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      const panel = document.getElementById(button.getAttribute("aria-controls") ?? "");
      if (panel) panel.hidden = !chosen;
    }
  }

  private move(event: KeyboardEvent): void {
    const at = this.buttons.findIndex((button) => button.dataset.tab === this.chosen);
    const steps: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const next = this.buttons.at(steps[event.key] % this.buttons.length);
    next?.focus();
    if (next) this.choose(next.dataset.tab ?? "");
  }
}
