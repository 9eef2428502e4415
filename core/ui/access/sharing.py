"""Who acts, and who else may see a dataset: in the sidebar, and on the page *Who may enter*."""

from __future__ import annotations

import streamlit as st

from core.access.permissions import OF_NO_DATASET, Action
from core.base.errors import InputRefused
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import localise_decimals, marked
from core.store.access_model import Grant, Standing
from core.store.values.datasets import Dataset
from core.ui import data, gallery, state, words
from core.ui.access import quota_notice
from core.ui.access.signed_in import directory_file, sign_out_everywhere

STANDINGS = {
    Standing.VIEWER: marked("Viewer: looks, and identifies people"),
    Standing.EDITOR: marked("Editor: changes anything in it, and takes copies"),
    Standing.OWNER: marked("Owner: shares and erases it, too"),
}
EXAMPLE_ADDRESS = "ann@example.org"
GRANTS_PER_PAGE = 20
ROLES = (marked("viewer"), marked("editor"), marked("admin"))
"""The words of ``Role``, which are translated where one is shown."""


def stop_where_refused(action: Action, dataset: Dataset | None) -> None:
    """End the page in words where whoever acts may not open it, whatever way they came by."""
    if data.access().may(action, dataset.id if dataset else None):
        return
    if action in OF_NO_DATASET:
        st.info(_("This page is for admins."), icon=":material/lock:")
    elif dataset is None:
        show_nothing_shared()
    else:
        st.info(
            _(
                "You may look at **{dataset}** and recognise people with it. To change it or to take copies of it, "
                "ask its owner.",
                dataset=words.plain(dataset.name),
            ),
            icon=":material/lock:",
        )
    st.stop()


def show_nothing_shared() -> None:
    """What somebody sees who may not make a dataset, before one was shared with them."""
    address = words.plain(data.access().principal.address)
    with st.container(border=True, horizontal_alignment="center"):
        heading = _("Nothing was shared with you yet.")
        st.markdown(f"## {heading}", text_alignment="center")
        st.markdown(
            _(
                "Whoever has photos here can share them with **{address}**, on the page *Who may enter*. They appear "
                "here then.",
                address=address,
            ),
            text_alignment="center",
        )


def show_who_acts(dataset: Dataset | None) -> None:
    """Who is signed in, what they are to the dataset, and the way out; nothing where no sign-in is configured."""
    access = data.access()
    if not access.principal.address:
        return
    with st.sidebar:
        st.caption(
            _(
                "Signed in as {address}, {role}",
                address=words.plain(access.principal.address),
                role=words.plain(_(access.principal.role)),
            )
        )
        if dataset is not None and not access.may(Action.EDIT, dataset.id):
            st.caption(_("You may look at this dataset, and change nothing in it."))
        if st.button(_("Sign out"), key="sign_out", icon=":material/logout:", type="tertiary"):
            st.logout()
        if st.button(
            _("Sign out everywhere"),
            key="sign_out_everywhere",
            icon=":material/phonelink_erase:",
            type="tertiary",
            help=_("Ends all your sessions, on every device"),
        ):
            sign_out_everywhere(data.whole_services().access, access.principal)
            st.logout()


def show_shares(dataset: Dataset) -> None:
    """With whom a dataset is shared, and, for whoever may, the ways to change that."""
    access, may_share = data.access(), data.access().may(Action.SHARE, dataset.id)
    st.subheader(_("Who may see {dataset}", dataset=words.plain(dataset.name)), anchor=False)
    if refusal := st.session_state.pop(state.SHARE_REFUSED, None):
        st.error(words.plain(refusal), icon=":material/error:")
    grants = access.store.grants(dataset.id) if access.may(Action.LOOK, dataset.id) else ()
    if may_share and not any(grant.standing is Standing.OWNER for grant in grants):
        st.info(_("It belongs to nobody yet: admins alone see it. Give it an owner."), icon=":material/info:")
    if may_share:
        _offer_share(dataset)
    else:
        st.caption(_("Its owner and admins say who else may see it."))
    grants = sorted(grants, key=lambda grant: (grant.standing is not Standing.OWNER, grant.address))
    for grant in grants[gallery.page_slice(len(grants), GRANTS_PER_PAGE, f"grants_{dataset.id}")]:
        _show_grant(grant, may_share=may_share)


def _show_grant(grant: Grant, *, may_share: bool) -> None:
    with st.container(border=True):
        # Columns, as on a phone they stand below each other.
        who, way = st.columns([3, 1], vertical_alignment="center")
        who.markdown(f"**{words.plain(grant.address)}**  \n{_(STANDINGS[grant.standing])}")
        if may_share:
            with way, st.container(horizontal_alignment="right"):
                st.button(_("Stop sharing"), key=f"withdraw_{grant.address}", on_click=_withdraw, args=(grant,))


def _offer_share(dataset: Dataset) -> None:
    with st.form("share", clear_on_submit=True):
        st.text_input(_("Address of a person"), key="share_address", placeholder=EXAMPLE_ADDRESS, max_chars=254)
        st.selectbox(
            _("What they may do"),
            list(STANDINGS),
            format_func=lambda key: _(STANDINGS[key]),
            key="share_standing",
        )
        st.form_submit_button(_("Share"), type="primary", on_click=_share, args=(dataset.id,))


def _share(dataset_id: str) -> None:
    address = str(st.session_state["share_address"]).strip().lower()
    if "@" not in address.strip("@") or any(letter.isspace() for letter in address):
        st.session_state[state.SHARE_REFUSED] = _(
            "'{address}' is no address. Write one like {example}.", address=address, example=EXAMPLE_ADDRESS
        )
        return
    _change(Grant(dataset_id, address, Standing(st.session_state["share_standing"])), is_given=True)


def _withdraw(grant: Grant) -> None:
    _change(grant, is_given=False)


def _change(grant: Grant, *, is_given: bool) -> None:
    access = data.access()
    try:
        access.require(Action.SHARE, grant.dataset_id)
        if is_given:
            access.store.grant(grant)
        else:
            access.store.withdraw(grant.dataset_id, grant.address)
    except InputRefused as refusal:
        st.session_state[state.SHARE_REFUSED] = say_again(str(refusal))


def show_roles() -> None:
    """Who has which role by the file, for admins."""
    whole = data.whole_services()
    directory = directory_file(whole.settings.access_file).read()
    if directory is None or not data.access().may(Action.ADMINISTER):
        return
    st.subheader(_("Roles"), anchor=False)
    st.caption(
        _(
            "From the file {file}; a change of it counts at once. Sessions last {hours} hours.",
            file=words.plain(whole.settings.access_file.name),
            hours=localise_decimals(f"{directory.session_hours:g}"),
        )
    )
    role_lines = [
        (name, _("domain") if name.startswith("*") else _("address"), role) for name, role in directory.roles.items()
    ]
    role_lines += [(name, _("group"), role) for name, role in directory.groups.items()]
    rows = [{_("Who"): name, _("Role"): _(role), _("By"): by} for name, by, role in role_lines]
    st.dataframe(rows, hide_index=True, column_config=quota_notice.who_column(), alt=_("Who has which role"))
    quota_notice.show_usages()
