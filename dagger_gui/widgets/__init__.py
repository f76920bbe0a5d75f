"""Widgets: plain data in, signals out, no bus; each runs alone with ``python -m``.

What the window may rely on (``set...`` may be called at any rate, with equal data it is free):

``camera_view.CameraView(name)``
    setFrame(image (H,W,3) uint8 RGB, age_s) · setAge(age_s) · setProblem(text) · clear()
    setStaleAfter(s) · setCrosshair(on) · setReference(image | None) · name() · age()
    signals enlargeRequested(name), crosshairChanged(bool)
``joint_plots.JointPlots()``
    setJoints(names, lower, upper, window_s=10) · value()/setValue(dict: enlarged, zoom) · clear()
    setData(t (N,) s before now <= 0, measured (N,A), policy (N,A), sent (N,A), controller (N,))
    enlarge(name | None) · resetScales() · plotLeft() · signals valueChanged(dict),
    leftChanged(float): connect it to DoubtPlot.setLeft, so that both line up
``doubt_plot.DoubtPlot()``
    setData(t (N,), doubt (N,), tau, controller (N,)) · setWindow(s) · setLeft(px) · clear()
``state_banner.StateBanner()``
    setValue(Banner) / value() · setConnected(bool) · signals softStopRequested()
``timeline.Timeline()``
    setAttempt(Sequence[Span], Sequence[Mark], elapsed_s, expected_s, running) · clear()
    value()/setValue(cursor seconds | None) · signals valueChanged(object), spanActivated(int)
``tagging_panel.TaggingPanel()``
    setCategories(Sequence[Category]) · setInterventions(Sequence[messages.Intervention], target)
    setUndo(can_undo, can_redo) · setKeys(discard=, undo=, redo=, note=)
    value()/setValue((episode, start) | None) · tag(category name) ·
    tagNumber(1-9) · focusNote() · discardSelected() · signals valueChanged(object),
    tagRequested(episode, start, category), noteRequested(episode, start, text),
    discardRequested(episode, start, discarded), undoRequested(), redoRequested()
``rounds_chart.RoundsChart()``
    setRounds(Sequence[RoundPoint]) · value()/setValue(round | None) · signals valueChanged(object)
``rounds_panel.RoundsPanel()``
    setRound(round, corrections, target) · setRounds(Sequence[RoundPoint])
    setPlan(text what RETRAIN will do, why_not "" if it can) · setProgress(TrainingProgress | None)
    triggerRetrain() · signals retrainRequested(), cancelRequested(), roundSelected(object)
``training_view.TrainingView(compact=False)``
    setProgress(messages.TrainingProgress) · clear() · signals cancelRequested(),
    closeRequested() (after it is over)
``training_options.TrainingOptionsEditor()``
    value()/setValue(TrainingOptions(share, warm_start, recovered_only)), valueChanged(object)
``attempt_controls.AttemptControls()``
    setValue(Situation) / value() · trigger() does the next act (Enter) · nextAct() -> Act
    setKeys(next=, pause=, toggle=, success=, failure=, discard=, demo=, disarm=)
    signals resetRequested(), armRequested(), disarmRequested(), startRequested(demo: bool),
    pauseRequested(), resumeRequested(), takeOverRequested(), giveBackRequested(),
    outcomeRequested("success" | "failure" | "discarded")
``status_line.StatusLine()``
    setValue(Status) / value() · setAge(s since the last news)
``process_table.ProcessTable()``
    setRows(Sequence[Row]) · process_rows(SupervisorState), device_rows(ControlState) make them
    signals restartRequested(name)
``pad_view.PadView()``
    setValue(PadPicture(title, controls, driving, problem)) / value() · state(), rows() in words
``camera_table.CameraTable()``
    setRows(Sequence[CameraRow]) / value()
``key_sheet.KeySheet(parent)``
    setGroups(Sequence[KeyGroup]) · open() · closeSheet() · toggle() · signals closed()

``dagger_gui.theme``: apply(app, "dark" | "light") once at start and again to switch;
current() -> Theme; grid(n) px; font(size) for "small", "body", "large". Widgets restyle themselves
on the palette change that ``apply`` causes.
"""
