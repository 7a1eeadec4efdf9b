/** Paths that tools run or trust on sight, the first that matches counts. Patterns see lower case. */
export const REVIEW_RULES: readonly { pattern: RegExp; reason: string }[] = [
  // Editors.
  rule(String.raw`\.vscode/tasks\.json`, "VS Code runs its tasks, some when a folder opens"),
  rule(String.raw`\.vscode/launch\.json`, "VS Code runs what it names"),
  rule(String.raw`\.vscode/.*`, "VS Code trusts its settings"),
  rule(String.raw`[^/]+\.code-workspace`, "VS Code trusts its settings and runs its tasks"),
  rule(String.raw`\.idea/.*`, "JetBrains editors run and trust what it names"),
  rule(String.raw`\.(?:zed|nova|fleet)/.*`, "the editor runs and trusts what it names"),
  rule(String.raw`\.(?:nvim\.lua|nvimrc|exrc|vimrc|lvimrc)`, "vim runs it when the project opens"),
  rule(String.raw`\.dir-locals(?:-2)?\.el`, "Emacs evaluates it"),
  rule(String.raw`\.devcontainer/.*|\.devcontainer\.json`, "editors build and start what it names"),
  rule(String.raw`\.vs/.*|[^/]+\.(?:sln|slnx)`, "Visual Studio opens and builds what it names"),
  // Shells.
  rule(String.raw`\.envrc`, "direnv runs it when you enter the directory"),
  rule(
    String.raw`\.mise\.toml|mise\.toml|\.mise/.*|\.tool-versions`,
    "mise installs and runs what it names",
  ),
  rule(String.raw`\.(?:bashrc|bash_profile|profile|zshrc|zshenv|zprofile)`, "a shell runs it"),
  rule(
    String.raw`\.autoenv(?:\.zsh)?|\.env\.sh`,
    "autoenv runs it when you enter the directory",
  ),
  // git.
  rule(String.raw`\.husky/.*`, "git runs it as a hook"),
  rule(
    String.raw`\.?git-?hooks/.*|hooks/(?:pre|post|commit|prepare|update|applypatch)[^/.]*`,
    "git may run it as a hook",
  ),
  rule(
    String
      .raw`lefthook\.ya?ml|\.lefthook/.*|\.lefthook\.ya?ml|\.overcommit\.yml|\.lintstagedrc[^/]*`,
    "git hooks run what it names",
  ),
  rule(
    String.raw`\.pre-commit-config\.ya?ml|\.pre-commit-hooks\.ya?ml`,
    "pre-commit downloads and runs what it names",
  ),
  rule(String.raw`\.gitattributes`, "git filters and merges by it"),
  rule(String.raw`\.gitmodules`, "git fetches what it names"),
  rule(String.raw`\.gitconfig`, "git can be told to run what it names"),
  rule(String.raw`\.lfsconfig`, "git-lfs sends files where it says"),
  // CI.
  rule(
    String.raw`\.(?:github|gitea|forgejo)/(?:workflows|actions)/.*`,
    "CI runs it with your repository's rights",
  ),
  rule(
    String.raw`\.github/(?:dependabot\.ya?ml|codeowners)|codeowners`,
    "it decides who reviews what",
  ),
  rule(
    String
      .raw`\.gitlab-ci\.ya?ml|\.gitlab/.*|\.circleci/.*|\.travis\.yml|\.drone\.ya?ml|\.woodpecker/.*|\.woodpecker\.ya?ml|\.buildkite/.*|\.teamcity/.*|azure-pipelines[^/]*\.ya?ml|\.azure-pipelines/.*|bitbucket-pipelines\.ya?ml|jenkinsfile[^/]*|appveyor\.ya?ml|\.appveyor\.yml|cloudbuild\.ya?ml|\.cirrus\.(?:ya?ml|star)|action\.ya?ml|buildspec\.ya?ml`,
    "CI runs it with your repository's rights",
  ),
  // Agents.
  rule(
    String
      .raw`(?:claude|agents|gemini|codex|copilot-instructions)(?:\.local|\.override)?\.md|\.github/(?:copilot-instructions\.md|instructions/.*|prompts/.*|agents/.*|chatmodes/.*)`,
    "agents outside the cage follow it",
  ),
  rule(
    String
      .raw`\.(?:claude|codex|gemini|cursor|windsurf|continue|aider|opencode|roo|kiro|amp|junie|agents|qwen|crush|goose)/.*|\.(?:cursorrules|windsurfrules|clinerules|roomodes|goosehints|aider[^/]*)|\.clinerules/.*|opencode\.jsonc?|crush\.json`,
    "agents outside the cage take settings, hooks and rights from it",
  ),
  rule(String.raw`\.mcp\.json|mcp\.json`, "agents start the servers that it names"),
  rule(String.raw`\.sandcage(?:\.local)?\.(?:ya?ml|toml)`, "it decides what a cage may do"),
  rule(String.raw`\.cageprotect`, "it decides what an export may replace"),
  // Package managers.
  rule(
    String
      .raw`\.npmrc|\.yarnrc|\.yarnrc\.ya?ml|\.yarn/.*|\.pnp\.[^/]+|\.pnpmfile\.c?js|pnpm-workspace\.yaml|\.bunfig\.toml|bunfig\.toml`,
    "a package manager runs it, or fetches from where it says",
  ),
  rule(
    String
      .raw`pip\.conf|\.?pip\.ini|\.pypirc|\.gemrc|\.bundle/config|\.condarc|nuget\.config|\.cargo/.*|\.netrc`,
    "a package manager fetches from where it says",
  ),
  rule(
    String.raw`setup\.py|setup\.cfg|pyproject\.toml|hatch_build\.py`,
    "pip runs what it names to build the project",
  ),
  rule(
    String
      .raw`conftest\.py|pytest\.ini|tox\.ini|noxfile\.py|sitecustomize\.py|usercustomize\.py|[^/]+\.pth|\.pdbrc|pdm\.toml`,
    "python tools run it",
  ),
  rule(
    String
      .raw`composer\.json|gemfile|[^/]+\.gemspec|podfile|package\.swift|mix\.exs|rebar\.config|deno\.jsonc?|binding\.gyp|go\.work`,
    "a package manager runs it, or what it names",
  ),
  // Builds.
  rule(
    String
      .raw`(?:gnu|bsd)?makefile(?:\.(?!(?:md|txt|rst)$)[^/]*)?|[^/]+\.mk|justfile|\.justfile|taskfile(?:\.dist)?\.ya?ml|rakefile|[^/]+\.rake|sconstruct|wscript|meson\.build|cmakelists\.txt|[^/]+\.cmake|cmakepresets\.json|build\.ninja|magefile\.go|configure(?:\.ac)?|snakefile|earthfile|tiltfile|procfile|vagrantfile|fabfile\.py|tasks\.py`,
    "a build runs what is in it",
  ),
  rule(String.raw`build\.rs|build\.zig|build\.sbt|project/[^/]+\.(?:sbt|scala)`, "a build runs it"),
  rule(
    String
      .raw`[^/]+\.(?:cs|fs|vb|vcx)proj|[^/]+\.(?:props|targets)|[^/]+\.(?:csproj|vbproj|fsproj)\.user|global\.json`,
    "MSBuild runs what it names, also when an editor opens it",
  ),
  rule(
    String
      .raw`[^/]+\.gradle(?:\.kts)?|gradle\.properties|gradlew(?:\.bat)?|gradle/wrapper/.*|buildsrc/.*|pom\.xml|\.mvn/.*|mvnw(?:\.cmd)?|build\.xml`,
    "Gradle and Maven run what is in it, also when an editor opens it",
  ),
  rule(
    String
      .raw`(?:workspace|workspace\.bazel|module\.bazel|build|build\.bazel|\.bazelrc|[^/]+\.bzl)`,
    "Bazel runs what is in it",
  ),
  rule(
    String
      .raw`(?:[^/]*\.)?(?:dockerfile|containerfile)(?:\.[^/]*)?|\.dockerignore|(?:docker-)?compose(?:\.[^/]*)?\.ya?ml|docker-bake\.(?:hcl|json)`,
    "docker runs what it names",
  ),
  rule(
    String.raw`flake\.nix|shell\.nix|default\.nix|devenv\.nix`,
    "nix builds and runs what it names",
  ),
  rule(
    String.raw`[^/]+\.tf|terragrunt\.hcl|\.terraformrc|ansible\.cfg`,
    "it can run commands where it is applied",
  ),
  // JavaScript that tools load by its name.
  rule(
    String
      .raw`(?:\.?(?:eslint|prettier|babel|stylelint|commitlint|mocha|postcss|lint-staged|release)rc|(?:vite|vitest|webpack|rollup|jest|babel|eslint|prettier|next|nuxt|astro|svelte|tailwind|postcss|playwright|cypress|metro|karma|gulpfile|gruntfile|rspack|esbuild|tsup|commitlint|lint-staged|husky|wdio|stylelint|release|knexfile)(?:\.config)?)\.(?:c|m)?[jt]s|gulpfile\.[^/]*|gruntfile\.[^/]*`,
    "tools and editors run it when they load it",
  ),
];

/** A rule for a path below any directory. */
function rule(pattern: string, reason: string): { pattern: RegExp; reason: string } {
  return { pattern: new RegExp(`(?:^|/)(?:${pattern})$`, "s"), reason };
}
