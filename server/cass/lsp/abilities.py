"""What a client can do, read once from its `initialize`."""

from __future__ import annotations

from dataclasses import dataclass

from cass.protocol.wire import JsonObject, as_list, as_object


@dataclass(frozen=True)
class Abilities:
    """`cass` is what it declared for cass's own protocol; the others are LSP's. `ide` names the questions about code
    that it answers. `resources` are the operations on files that `workspace/applyEdit` may ask of it."""

    is_editor: bool = False
    knows_cass: bool = False
    apply_edit: bool = False
    resources: frozenset[str] = frozenset()
    show_document: bool = False
    progress: bool = False
    lens_refresh: bool = False
    text_content: bool = False
    inline_completion: bool = False
    permission: bool = False
    elicitation: bool = False
    commands: bool = False
    review: bool = False
    save: bool = False
    reload: bool = False
    ide: frozenset[str] = frozenset()

    @property
    def plain(self) -> bool:
        """Whether this is an editor that knows nothing of cass: everything is offered by LSP's own means then."""
        return self.is_editor and not self.knows_cass


def read(params: JsonObject) -> Abilities:
    """From the parameters of `initialize`. What has the wrong form counts as not declared."""
    all = _object(params, "capabilities")
    workspace, window = _object(all, "workspace"), _object(all, "window")
    cass = _object(_object(all, "experimental"), "cass")
    edit = _object(workspace, "workspaceEdit")
    return Abilities(
        is_editor="textDocument" in all,
        knows_cass="cass" in _object(all, "experimental"),
        apply_edit=bool(workspace.get("applyEdit")),
        resources=frozenset(map(str, as_list(edit.get("resourceOperations")))),
        show_document=bool(_object(window, "showDocument").get("support")),
        progress=bool(window.get("workDoneProgress")),
        lens_refresh=bool(_object(workspace, "codeLens").get("refreshSupport")),
        text_content="textDocumentContent" in workspace,
        inline_completion="inlineCompletion" in _object(all, "textDocument"),
        permission="permission" in cass,
        elicitation="elicitation" in cass,
        commands="commands" in cass,
        review="review" in cass,
        save="save" in cass,
        reload="reload" in cass,
        ide=frozenset(_object(cass, "ide")),
    )


def _object(value: JsonObject, key: str) -> JsonObject:
    return as_object(value.get(key))
