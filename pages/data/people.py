"""People: everybody who has a name, and one of them in detail."""

from core.ui import data, frame, menu
from core.ui.people import overview

with frame.page("People", "Who is in your photos, and how well each one is shown.") as page:
    dataset = page.dataset
    overview.show_people_page(dataset, page.action)
    # With nobody yet, the page has led elsewhere already.
    if data.dataset_people(dataset.id, dataset.revision):
        frame.show_next_step("When the people are right: **learn them**.", "Train", menu.TRAIN, dataset.id)
