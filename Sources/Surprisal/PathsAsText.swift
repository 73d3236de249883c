import Files
import Images
import Reports

// Paths as strings, which name most files there are, wherever a `FilePath` is taken.

extension Scan {
  public func run(
    _ paths: some Sequence<String>, by judge: Judge, shouldStop: () -> Bool = { false },
    progress: (ScanProgress) -> Void = { _ in },
    begin: (ReportTotals) throws -> Void = { _ in }, _ body: (Record) throws -> Void
  ) throws -> Summary {
    try run(
      paths.map { FilePath($0) }, by: judge, shouldStop: shouldStop, progress: progress, begin: begin, body)
  }
}

extension Gate {
  public func run(
    _ paths: some Sequence<String>, under model: Model, compute: Compute = Compute(),
    shouldStop: () -> Bool = { false }, progress: (ScanProgress) -> Void = { _ in },
    begin: (ReportTotals) throws -> Void = { _ in }, _ body: (Record) throws -> Void
  ) throws -> Outcome {
    try run(
      paths.map { FilePath($0) }, under: model, compute: compute, shouldStop: shouldStop, progress: progress,
      begin: begin, body)
  }
}

extension Training {
  public func run(
    _ paths: some Sequence<String>, compute: Compute = Compute(), shouldStop: () -> Bool = { false },
    report: (Event) -> Void
  ) throws -> Model? {
    try run(paths.map { FilePath($0) }, compute: compute, shouldStop: shouldStop, report: report)
  }
}

extension Model {
  @discardableResult
  public mutating func calibrate(
    on paths: some Sequence<String>, fitting: [String]? = nil, reading: ImageReading = ImageReading(),
    budget: EvaluationBudget = .standard, compute: Compute = Compute(),
    unreadable: (String, String) -> Void = { _, _ in },
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> CopyGroups {
    try calibrate(
      on: paths.map { FilePath($0) }, fitting: fitting?.map { FilePath($0) }, reading: reading,
      budget: budget, compute: compute, unreadable: unreadable, progress: progress)
  }
}

extension ImageReading {
  /// The one image at a path, in the shape wanted.
  public func image(at path: String, as shape: ImageShape) throws(SurprisalError) -> Bitmap {
    try image(at: FilePath(path), as: shape)
  }

  /// The one image at a path as a model sees it.
  public func image(at path: String, for model: Model) throws(SurprisalError) -> Bitmap {
    try image(at: FilePath(path), for: model)
  }
}

extension OutlierCollection {
  public init(
    in folder: String, of paths: some Sequence<String>, copies: Bool = false,
    reading: ImageReading = ImageReading()
  ) throws(CollectionError) {
    try self.init(
      in: FilePath(folder), of: paths.map { FilePath($0) }, copies: copies, reading: reading)
  }
}
