import Detection

extension Training {
  /// What happens while training.
  public enum Event: Sendable {
    case unreadable(path: String, error: String)
    /// All images are gray, and so the network takes them (`takesFewestChannels`).
    case tookGray
    /// Images that show what another shows, exactly or nearly, and how many of them took no part since the other was held
    /// out.
    case copies(exact: Int, near: Int, leftOut: Int)
    case loaded(training: Int, validation: Int, parameters: Int)
    /// Steps were fixed from the pace measured.
    case planned(steps: Int, secondsPerStep: Double)
    /// Training goes on from a checkpoint, after so much time in earlier runs.
    case resumed(step: Int, of: Int, secondsSpent: Double)
    /// What validations are to fall below: bits/dim of the network that is started from, measured as they are, on so many
    /// images; or 8, what pixels cost that may have any value.
    case goal(bitsPerDim: Double, isOfStart: Bool, images: Int)
    case progress(step: Int, of: Int, loss: Float, secondsLeft: Double)
    /// Mean bits/dim of the same held-out images each time, by the formula as it stands: to be compared with one another and
    /// the goal, less so with the model's own figures.
    case validated(step: Int, bitsPerDim: Double, standardError: Double)
    /// Held-out images gain nothing more: `patience` validations after `mark` were no better than that by more than chance.
    case stoppedEarly(step: Int, of: Int, mark: Int, patience: Int)
    /// The model has the weights of an earlier step: at a later one held-out images cost so many more bits/dim.
    case choseEarlier(step: Int, than: Int, difference: Double, standardError: Double)
    /// What training brought beyond the network that it started from: mean bits/dim of held-out images under both, as surveyed models,
    /// the standard error of the difference, and the p-value that there is none. `after` is the model's
    /// `validationBitsPerDim`.
    case gained(before: Double, after: Double, standardError: Double, pValue: Double)
    case surveying(done: Int, of: Int)
    /// What one look sees of held-out images that are altered, or from 64 pixels a side spoiled in part: AUROC of `activations` by the
    /// trained network, and by the one that it began from. One look goes by that, kept beside, unless the first sees more, and by more
    /// than chance.
    case triedLook(trained: Double, begun: Double, isKept: Bool)
    /// The eyes learn: mean loss in nats, and what held-out images cost where that was just measured.
    case learningEyes(step: Int, of: Int, loss: Float, heldOut: Double?, secondsLeft: Double)
    /// What eyes are worth on held-out images altered in ways that they did not learn by: AUROC of `combined` with and without
    /// them, the mean over the ways. They stay where that is more.
    case triedEyes(with: Double, without: Double, isKept: Bool)
    /// How many evaluations images are judged by, where that was to be chosen.
    case chose(EvaluationChoice)
    /// A network learns to mark damage: running mean of its loss, nats a place.
    case learningDamage(step: Int, of: Int, loss: Float, secondsLeft: Double)
    /// What that is worth on held-out images with flaws that nothing learned by: AUROC of `damage`, and of the best statistic of one look
    /// without it. It stays unless the second is more, and by more than chance.
    case triedDamage(with: Double, without: Double, best: StatisticName, isKept: Bool)
    case calibrating(done: Int, of: Int)
    case stopped(step: Int)
    /// The end, where `Training.reviews` asks for it.
    case reviewed(Review)
  }
}
