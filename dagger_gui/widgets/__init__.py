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
``check_table.CheckTable()``
    setRows(Sequence[CheckRow]) / value() · addRow(CheckRow) · setFollowing(bool) · showWorst() ·
    text() to copy
``calibration_bars.CalibrationBars()``
    setValue(Sequence[JointSweep]) / value()
``attempt_plots.AttemptPlots()``
    setAttempt(Curves) · value()/setValue(cursor s), valueChanged(float) by hand ·
    view()/setView(TimeView), viewChanged(object) · setSpan((start s, stop s) | None)
    enlarge(name | None) · plotLeft() · clear() · setEmptyText(text)
``review_timeline.ReviewTimeline()``
    setAttempt(Tracks) · setBars(Sequence[Bar], Sequence[marks.Stretch]) · setLeft(px) · clear()
    value()/setValue(cursor s), valueChanged(float) by hand · setView(TimeView), viewChanged
    setSelection(identity | None), selected(int) · edgesPreviewed/edgesChanged(identity, first,
    stop), boundaryPreviewed/boundaryChanged(identity, row) · cancelDrag(), dragCancelled()
``review_player.ReviewPlayer()``
    setPlace(s, row, rows, fact) · setPlaying(bool) · setSpeed(x) · setSpeeds(...), setKeys(play)
    signals playRequested(), speedRequested(float), moveRequested(name)
``episode_list.EpisodeList()``, ``correction_list.CorrectionList()``, ``flag_list.FlagList()``
    setEpisodes(Sequence[EpisodeRow]) / setInterventions(Sequence[Intervention]) /
    setFlags(Sequence[FlagRow]) · value()/setValue() · step(rows) · setEmptyText(text)
    signals valueChanged(object) by hand; flagChosen(episode, row)
``filter_line.FilterLine()``
    value()/setValue(text), valueChanged(str) · setFound(words) · setError(sentence)
    setWords(fields, values by field) · setOnly(query), onlyRequested(bool)
``correction_editor.CorrectionEditor()``, ``attempt_editor.AttemptEditor()``
    value()/setValue(CorrectionView | None) / (AttemptView | None) · setEditable(bool) · setKeys()
    signals ask for changes (tagRequested, edgesRequested, outcomeRequested ...), make none
``stage_scores.StageScores()``
    setStages(names) · scores()/setScores(by stage) · signals scoreRequested(stage, 0-3 | None)
``taxonomy_editor.TaxonomyEditor()``
    setValue(Taxonomy, used by raw name) / value() · setUsed(...) · setMayRestore(bool)
    setWhyNot(sentence) · say(words) · select(name) · signals valueChanged(Taxonomy),
    saveRequested(TOML text), restoreRequested()
``export_panel.ExportPanel()``, ``import_panel.ImportPanel()``
    setFormats({name: line}) · value()/setValue(Export | Import), valueChanged(object)
    clearFound(words), addFound(text, level), setFound(words) · setMayGo(bool)
    signals requested(object)
``work_strip.WorkStrip()``
    idle(words) · begin(what, words) · setProgress(done, total, words, left_s)
    end(verdict, words, role, path) · signals cancelRequested(), openRequested(path)
``findings.Findings(name)``
    add(level, text) · clear() · texts()
``path_field.PathField(name, kinds)``
    value()/setValue(path), valueChanged(str) · setMayChoose(kind, bool); its dialog is not modal
``read_only_strip.ReadOnlyStrip()``
    setValue(why, free=) / value() · signals takeOverRequested()
``key_sheet.KeySheet(parent)``
    setGroups(Sequence[KeyGroup]) · open() · closeSheet() · toggle() · signals closed()

``dagger_gui.theme``: apply(app, "dark" | "light") once at start and again to switch;
current() -> Theme; grid(n) px; font(size) for "small", "body", "large". Widgets restyle themselves
on the palette change that ``apply`` causes.
"""
