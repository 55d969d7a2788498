// The words of the mails that carry a link. Each says why it comes and what to do if it was not asked for.
import type { AccountsContext, Mail } from './context.ts';

type Page = 'activate' | 'verify' | 'password-reset' | 'signup';

/** The full address of a page that a token opens. */
export function linkTo({ publicUrl }: Pick<AccountsContext, 'publicUrl'>, page: Page, token: string): string {
  return `${publicUrl}/user/${page}?token=${token}`;
}

export function verificationMail(to: string, link: string): Mail {
  return {
    to,
    subject: 'Confirm your e-mail address',
    text: `Somebody signed up with this address. If it was you, confirm that it is yours:\n\n${link}\n\nThe link is good for two days. If it was not you, do nothing.\n`,
    link,
  };
}

export function resetMail(to: string, link: string): Mail {
  return {
    to,
    subject: 'Choose a new password',
    text: `A new password was asked for. Choose it here:\n\n${link}\n\nThe link is good for an hour and works once. If you did not ask for it, do nothing: your password stays.\n`,
    link,
  };
}

export function invitationMail(to: string, organization: string, link: string): Mail {
  return {
    to,
    subject: `Invitation to ${organization}`,
    text: `You are invited to join ${organization}. Follow this link to accept:\n\n${link}\n\nIt is good for a week and for this address only. If you did not expect it, do nothing.\n`,
    link,
  };
}
