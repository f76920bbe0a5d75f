"""Every message between processes, as typed structs.

Commands go up (window -> control, recorder, supervisor) and are answered by Accepted or Refused;
events come down (PUB). A new subscriber asks for a full snapshot first: ``Snapshot`` is answered
with the process's whole public state.
"""

from __future__ import annotations

from sessions.messages.base import (
    Accepted,
    Message,
    Refused,
    Shutdown,
    Snapshot,
)
from sessions.messages.control import (
    Arm,
    AttemptEnded,
    AttemptStarted,
    ClearFault,
    ControlInput,
    ControlState,
    DeviceState,
    Disarm,
    EndAttempt,
    GiveBack,
    Heartbeat,
    Keys,
    LoadPolicy,
    OperatorTagged,
    Pause,
    Reconnect,
    Release,
    ResetScene,
    Rest,
    Resume,
    SelectOperator,
    SetDoubts,
    SoftStop,
    StartAttempt,
    TakeOver,
)
from sessions.messages.labels import (
    DiscardIntervention,
    MergeInterventions,
    Note,
    Redo,
    Salvage,
    SetBoundary,
    SetContext,
    SetEdges,
    SetLabel,
    SetOutcome,
    SetScore,
    SetTaxonomy,
    SplitIntervention,
    Tag,
    Undo,
)
from sessions.messages.recorder import (
    EpisodeSummary,
    Flag,
    Intervention,
    Leftover,
    RecorderReady,
    RecorderState,
)
from sessions.messages.supervisor import (
    Activate,
    CamerasState,
    CameraState,
    CancelTraining,
    ProcessState,
    RestartProcess,
    StartTraining,
    SupervisorState,
    Suspend,
    TrainingProgress,
)

__all__ = [
    "Accepted",
    "Activate",
    "Arm",
    "AttemptEnded",
    "AttemptStarted",
    "CameraState",
    "CamerasState",
    "CancelTraining",
    "ClearFault",
    "Command",
    "ControlInput",
    "ControlState",
    "DeviceState",
    "Disarm",
    "DiscardIntervention",
    "EndAttempt",
    "EpisodeSummary",
    "Event",
    "Flag",
    "GiveBack",
    "Heartbeat",
    "Intervention",
    "Keys",
    "Leftover",
    "LoadPolicy",
    "MergeInterventions",
    "Message",
    "Note",
    "OperatorTagged",
    "Pause",
    "ProcessState",
    "Reconnect",
    "RecorderReady",
    "RecorderState",
    "Redo",
    "Refused",
    "Release",
    "ResetScene",
    "Rest",
    "RestartProcess",
    "Resume",
    "Salvage",
    "SelectOperator",
    "SetBoundary",
    "SetContext",
    "SetDoubts",
    "SetEdges",
    "SetLabel",
    "SetOutcome",
    "SetScore",
    "SetTaxonomy",
    "Shutdown",
    "Snapshot",
    "SoftStop",
    "SplitIntervention",
    "StartAttempt",
    "StartTraining",
    "SupervisorState",
    "Suspend",
    "Tag",
    "TakeOver",
    "TrainingProgress",
    "Undo",
]

Command = (
    Snapshot
    | Shutdown
    | Heartbeat
    | ClearFault
    | Arm
    | Disarm
    | StartAttempt
    | EndAttempt
    | ResetScene
    | SoftStop
    | TakeOver
    | GiveBack
    | Pause
    | Resume
    | Keys
    | SelectOperator
    | Reconnect
    | Rest
    | Release
    | LoadPolicy
    | SetDoubts
    | Tag
    | Note
    | SetOutcome
    | DiscardIntervention
    | SetEdges
    | SplitIntervention
    | MergeInterventions
    | SetBoundary
    | SetContext
    | SetScore
    | SetLabel
    | Undo
    | Redo
    | SetTaxonomy
    | Salvage
    | StartTraining
    | CancelTraining
    | Activate
    | RestartProcess
    | Suspend
)
Event = (
    Accepted
    | Refused
    | ControlState
    | AttemptStarted
    | AttemptEnded
    | OperatorTagged
    | RecorderReady
    | RecorderState
    | CamerasState
    | SupervisorState
    | TrainingProgress
)
