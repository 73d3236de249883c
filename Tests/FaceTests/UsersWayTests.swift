import Foundation
import Surprisal
import Testing

/// A user's whole way, with nothing imported but `Surprisal` and nothing visible but what is public.
struct UsersWayTests {
  /// Stripes of three periods, each in a strength and place of its own, that belong; `odd` has them the other way round.
  static func stripes(_ index: Int, odd: Bool = false) -> Bitmap {
    // Irrational steps: no two images are alike.
    func part(_ step: Double) -> Double { (Double(index + 1) * step).truncatingRemainder(dividingBy: 1) }
    let waves = [(2.0.squareRoot(), 3.0.squareRoot()), (5.0.squareRoot(), 7.0.squareRoot()), (.pi, exp(1))]
    return Bitmap(
      width: 16, height: 16, channels: 1,
      pixels: (0..<256).map { i in
        let along = Double(odd ? i / 16 : i % 16)
        let sum = waves.enumerated().reduce(0) { sum, wave in
          sum + (0.3 + part(wave.element.0))
            * sin(2 * .pi * (along * Double(wave.offset + 1) / 16 + part(wave.element.1)))
        }
        return UInt8(127.5 + 30 * sum)
      })
  }

  @Test("Train, keep, calibrate, judge, scan, gate, explain, evaluate, sample: by import Surprisal alone")
  func wholeWay() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("way-\(UUID().uuidString)")
      .path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for kind in ["good", "fresh", "odd"] {
      try FileManager.default.createDirectory(atPath: "\(folder)/\(kind)", withIntermediateDirectories: true)
      for index in 0..<(kind == "good" ? 200 : 12) {
        try Self.stripes(index, odd: kind == "odd").png()
          .write(to: URL(fileURLWithPath: "\(folder)/\(kind)/\(index).png"))
      }
    }
    let compute = Compute(threads: 1, precision: .float32)
    let shape = ImageShape(height: 16, width: 16, channels: 1)

    var training = Training(shape: shape)
    training.preset = .tiny
    training.options.steps = 60
    training.options.precision = .float32
    training.validationShare = 0.3
    training.validations = 1
    var steps = 0
    training.reviews = true
    var (log, lines, page) = (TrainingLog(), 0, "")
    let trained = try training.run(["\(folder)/good"], compute: compute) { event in
      if case .progress(let step, _, _, _) = event { steps = step }
      if log.line(event, seconds: 0) != nil { lines += 1 }
      if case .reviewed(let review) = event { page = (try? review.page(of: "stripes", ReportFacts())) ?? "" }
    }
    #expect(lines > 60 && page.contains("stripes"))
    #expect(steps == 60)
    try #require(trained).write(to: "\(folder)/stripes.safetensors")

    var model = try Model(path: "\(folder)/stripes.safetensors")
    #expect(model.shape == shape)
    try model.calibrate(on: ["\(folder)/good"], budget: .fixed(8), compute: compute)
    #expect(model.calibrations.map(\.evaluations) == [16, 0, 8])
    let references = try model.calibration(evaluations: 8).referenceCount
    #expect((190...200).contains(references), "\(references)")

    let judge = try Judge(model, budget: .fixed(8), rate: 0.05, compute: compute)
    let images = ImageBatch(shape: shape, images: [Self.stripes(3), Self.stripes(3, odd: true)])
    let judgements = try judge.judge(images)
    let coded = try judgements.map { try #require($0.bitsPerDim) }
    #expect(coded[1] > coded[0] + 0.5)
    #expect(judgements[1].pValue == 1 / Double(references + 1))

    var scan = Scan()
    scan.rule = .falsePositiveRate(0.05)
    var writers = ReportFormat.allCases.map { RecordWriter($0) }
    var reports = writers.map { _ in "" }
    var records: [Record] = []
    let summary = try scan.run(
      ["\(folder)/fresh", "\(folder)/odd"], by: judge,
      begin: { totals in for k in writers.indices { reports[k] += writers[k].begin(totals) } },
      { record in
        records.append(record)
        for k in writers.indices { reports[k] += writers[k].line(record) }
      })
    for k in writers.indices { reports[k] += writers[k].end }
    #expect(records.prefix(12).allSatisfy { $0.path.hasPrefix("\(folder)/odd") && $0.outlier == true })
    #expect(summary.scored == 24 && summary.outliers >= 12)
    #expect(reports.allSatisfy { $0.contains("odd/0.png") })

    var policy = Policy()
    policy.maxOutliers = Allowance(count: 2)
    policy.evaluations = .fixed(8)
    policy.rule = .falsePositiveRate(0.05)
    let outcome = try Gate(policy).run(["\(folder)/odd"], under: model, compute: compute) { _ in }
    guard case .failed(let reason) = outcome.decision else {
      Issue.record("\(outcome.decision)")
      return
    }
    #expect("\(reason)" == "12 new outliers of 12 images, more than 2")

    let explanation = try ImageExplanation(
      of: ImageReading().image(at: "\(folder)/odd/0.png", as: shape), under: model, compute: compute)
    #expect(explanation.scores.contains { $0.statistic == .surprisal && $0.pValue < 0.05 })
    try explanation.picture.png().write(to: URL(fileURLWithPath: "\(folder)/why.png"))

    let evaluation = try Evaluation(model, compute: compute)
    let separations = evaluation.separations(
      of: try evaluation.score(.init(name: "fresh", paths: ["\(folder)/fresh"])),
      from: try evaluation.score(.init(name: "odd", paths: ["\(folder)/odd"])))
    #expect(separations.first { $0.statistic == "combined" }.map { $0.separation.auroc > 0.99 } == true)

    let samples = try Scorer(model, compute: compute).sample(3, steps: 8)
    #expect(samples.count == 3 && samples[0].shape == shape)
    #expect(Bitmap.labelledSheet(samples.indices.map { samples[$0] }, caption: "stripes") != nil)
    let moving = try Scorer(model, compute: compute).samples(3, following: 2, steps: 8)
    let grids = moving.trajectory.compactMap { frame in Bitmap.contactSheet(frame.indices.map { frame[$0] }) }
    let file = try AnimatedPNG.encode(
      still: #require(grids.last), frames: grids.map { .init($0, milliseconds: 60) })
    #expect(moving.images == samples && file.count > 1000)
    let real = ImageReading().images(at: [FilePath("\(folder)/fresh")], as: shape)
    let likeness = try Likeness(of: samples, to: real, under: model, compute: compute)
    #expect(likeness.images == 12 && likeness.comparisons.contains { $0.statistic == .surprisal })

    // The formula is there for denoisers of one's own.
    let exact = FinitePopulation(images: [[0, 0, 0, 0], [1, 1, 1, 1]], probabilities: [0.25, 0.75])
    let corners = ImageBatch(
      shape: ImageShape(height: 2, width: 2, channels: 1),
      pixels: [128, 128, 128, 128, 255, 255, 255, 255])
    let range = NoiseLevelRange()
    let formula = LogProbability(
      range: range, quadrature: .gaussLegendre(64, over: range), replicates: 8, noise: CommonNoise(),
      moments: PopulationMoments(images: corners))
    let bits = try formula.estimate(corners, under: exact).map { $0.bitsPerDim * 4 }
    #expect(bits[1] < bits[0])
  }
}
