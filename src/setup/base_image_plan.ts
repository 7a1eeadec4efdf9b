import { join } from "node:path/posix";
import { findArchive } from "./apt_sources.ts";
import type { EngineFacts } from "./engine_facts.ts";

/** The Debian release the base image holds. */
const SUITE = "trixie";
const DEBOOTSTRAP = "/usr/sbin/debootstrap";

/** What {@link planDebootstrap} decides from. */
export type DebootstrapFacts = Pick<
  EngineFacts,
  "platform" | "uid" | "distribution" | "aptSources"
>;

/** One program of the build. */
export type BuildStep = {
  title: string;
  command: string[];
  /** Skipped when this file is already there. */
  unless?: string;
};

/** How the base image is made below a temporary directory. */
export type DebootstrapPlan = {
  steps(dir: string): BuildStep[];
  /** The archive the steps leave behind. */
  archive(dir: string): string;
};

/**
 * Decides whether and how this machine can make Debian's base image from its own package archive;
 * `undefined` where it cannot. Pure.
 */
export function planDebootstrap(facts: DebootstrapFacts): DebootstrapPlan | undefined {
  const { distribution } = facts;
  const known = ["debian", "ubuntu"].includes(distribution?.id ?? "") ||
    distribution?.like.includes("ubuntu") === true;
  if (facts.platform !== "linux" || facts.uid !== 0 || !known) return undefined;
  // Ubuntu's archive has no Debian; without an archive debootstrap uses the one it knows itself.
  const archive = distribution?.id === "debian"
    ? findArchive(facts.aptSources, distribution.codename)
    : undefined;
  const keyring = archive?.signedBy?.startsWith("/") ? [`--keyring=${archive.signedBy}`] : [];
  const packages = [
    "debootstrap",
    ...(distribution?.id === "debian" ? [] : ["debian-archive-keyring"]),
  ];
  const install = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=60", "install"];
  const options = ["--variant=minbase", "--include=ca-certificates", ...keyring, SUITE];
  return {
    archive: (dir) => join(dir, "image.tar"),
    steps: (dir) => {
      const root = join(dir, "root");
      const mirror = archive === undefined ? [] : [archive.uri];
      return [
        {
          title: "Update the package lists",
          command: ["apt-get", "-q", "update"],
          unless: DEBOOTSTRAP,
        },
        {
          title: "Install debootstrap",
          command: [...install, "--no-install-recommends", ...packages],
          unless: DEBOOTSTRAP,
        },
        {
          title: `Make a minimal Debian ${SUITE}`,
          command: [DEBOOTSTRAP, ...options, root, ...mirror],
        },
        { title: "Drop what an image does not need", command: formatSlim(root) },
        {
          title: "Pack the image",
          command: [
            "tar",
            "--numeric-owner",
            "--one-file-system",
            "-C",
            root,
            "-cf",
            join(dir, "image.tar"),
            ".",
          ],
        },
      ];
    },
  };
}

/** What Debian's own slim images leave out; copyright files stay. */
function formatSlim(root: string): string[] {
  const script = `
cd "$1"
cat >etc/dpkg/dpkg.cfg.d/slim <<'END'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/lintian/*
END
find usr/share/doc -depth -type f ! -name copyright -delete
find usr/share/doc -depth -type l -delete
find usr/share/doc -depth -type d -empty -delete
rm -rf usr/share/man/* usr/share/info/* usr/share/locale/* usr/share/lintian/*
rm -rf var/lib/apt/lists/* var/cache/apt/*.bin var/cache/apt/archives/*.deb
rm -rf var/log/*.log var/log/apt var/cache/debconf/*-old var/lib/dpkg/*-old tmp/* dev/*
rm -f etc/resolv.conf etc/hostname
: >etc/machine-id
`;
  return ["sh", "-euc", script.trim(), "slim", root];
}
