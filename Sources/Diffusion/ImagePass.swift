import Images

/// One image on its way through the pass: hands each term of the formula to the image's observers.
struct ImagePass {
  private let image: Bitmap
  private let clean: ArraySlice<Float>
  private let plan: EvaluationPlan
  private let companion: ControlVariate.Image?
  private var observers: [any ErrorObserver]

  /// - Parameter clean: y, `[d]` on the scale -1...1.
  init(
    _ image: Bitmap, _ clean: ArraySlice<Float>, _ plan: EvaluationPlan, _ observations: [Observation]
  ) throws {
    self.image = image
    self.clean = clean
    self.plan = plan
    let companion = plan.control.map { $0.variate.image(clean) }
    self.companion = companion
    let observed = ObservedImage(bitmap: image, companion: companion)
    observers =
      try [FormulaSums(observed, plan)] + observations.map { try $0.observer(observed, plan) }
  }

  /// - Parameter denoised: yhat of this image, `[d]`.
  mutating func take(_ denoised: ArraySlice<Float>, in evaluation: EvaluationPlan.Evaluation) {
    let exact = zip(denoised, clean).map { Double($0 - $1) / evaluation.sigma }
    var chance = 0.0
    if let control = plan.control, let companion, let drawn = evaluation.companion {
      let features = control.variate.features(companion, drawn.draw)
      chance = zip(drawn.multiples, features).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let errors = NodeErrors(
      evaluation: evaluation, exact: exact, rounded: exact.map { Float($0) }, chance: chance)
    for index in observers.indices { observers[index].observe(errors) }
  }

  /// - Parameter noise: of one replicate, `[d]`.
  mutating func decode(_ noise: [Float], sigma: Double) {
    let bits = zip(noise, image.pixels).map { LogProbability.decoderBits($0, value: $1, sigma: sigma) }
    for index in observers.indices { observers[index].observe(decoder: bits) }
  }

  mutating func finish() -> SurprisalEstimate {
    let bits = LogProbability.priorBits(clean, range: plan.range, moments: plan.moments)
    var estimate = SurprisalEstimate()
    for index in observers.indices {
      observers[index].observe(prior: bits)
      observers[index].report(into: &estimate)
    }
    return estimate
  }
}
